/** What ipmitool and FreeIPMI print about accounts and settings, taken apart. */

/** The value behind `NAME :`; throws where it was not printed. */
export function field(printed: string, name: string): string {
  const value = fields(printed).get(name);
  if (value === undefined) throw new Error(`no field ${name} in:\n${printed}`);
  return value;
}

/** `NAME : VALUE` lines; of several with one name the first. */
export function fields(printed: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of printed.split('\n')) {
    const [, name, value] = /^\s*([^:]+?)\s*:\s?(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !found.has(name)) found.set(name, value.trim());
  }
  return found;
}

export interface UserListRow {
  id: string;
  name: string;
  callIn: string;
  link: string;
  ipmi: string;
  privilege: string;
}

/** `ipmitool user list`: columns of fixed width, a name may be empty. */
export function rowsOfUserList(printed: string): UserListRow[] {
  const lines = printed.split('\n').filter((line) => /^\d/.test(line));
  return lines.map((line) => {
    const [, id = '', name = '', callIn = '', link = '', ipmi = '', privilege = ''] =
      /^(\d+)\s+(.*?)\s*(true|false)\s+(true|false)\s+(true|false)\s+(.*)$/.exec(line) ?? [];
    const known = ['CALLBACK', 'USER', 'OPERATOR', 'ADMINISTRATOR', 'OEM'].includes(privilege.trim());
    return { id, name, callIn, link, ipmi, privilege: known ? privilege.trim().toLowerCase() : 'none' };
  });
}

/** `ipmi-config --checkout`: sections of keys and values. */
export function sections(printed: string): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of printed.split('\n')) {
    const [, name] = /^Section (\S+)/.exec(line) ?? [];
    if (name !== undefined) {
      section = new Map();
      found.set(name, section);
    }
    const [, key, value] = /^\s+(\w+)\s+(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !section.has(key)) section.set(key, value.trim());
  }
  return found;
}
