package Json;
# The little JSON that the protocol needs (perl-base has none). Encoding: a hash, an array, \number for a number,
# Json::true/false, anything else is a string. Decoding: one flat object of strings, numbers, booleans and nulls.
use strict;

sub true  { return \'true' }
sub false { return \'false' }
sub bool  { return $_[0] ? \'true' : \'false' }

sub encode {
    my ($value) = @_;
    my $kind = ref $value;
    if ($kind eq 'HASH')  { return '{' . join(',', map { _string($_) . ':' . encode($value->{$_}) } sort keys %$value) . '}' }
    if ($kind eq 'ARRAY') { return '[' . join(',', map { encode($_) } @$value) . ']' }
    return $$value if $kind eq 'SCALAR' || $kind eq 'REF';
    return _string($value);
}

sub _string {
    my ($text) = @_;
    $text = '' unless defined $text;

    # Firmware strings hold anything; what is not printable ASCII becomes '?'.
    $text =~ s/[^\x20-\x7e]/?/g;
    $text =~ s/(["\\])/\\$1/g;
    return qq("$text");
}

my %escape = (n => "\n", r => "\r", t => "\t", b => "\b", f => "\f");

# The members as a hash (null: undef; booleans: 1 and 0), or undef for anything but one flat object.
sub decode {
    my ($text) = @_;
    my %members;
    return undef unless $text =~ /\G\s*\{\s*/gc;
    return $text =~ /\G\s*\z/gc ? {} : undef if $text =~ /\G\}/gc;
    while (1) {
        my $name = _scan_string(\$text);
        return undef unless defined $name && $text =~ /\G\s*:\s*/gc;
        if ($text =~ /\G(?=")/gc) {
            my $value = _scan_string(\$text);
            return undef unless defined $value;
            $members{$name} = $value;
        }
        elsif ($text =~ /\G(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/gc) { $members{$name} = $1 + 0 }
        elsif ($text =~ /\Gtrue\b/gc)                             { $members{$name} = 1 }
        elsif ($text =~ /\Gfalse\b/gc)                            { $members{$name} = 0 }
        elsif ($text =~ /\Gnull\b/gc)                             { $members{$name} = undef }
        else                                                      { return undef }
        next if $text =~ /\G\s*,\s*/gc;
        return $text =~ /\G\s*\}\s*\z/gc ? \%members : undef;
    }
}

sub _scan_string {
    my ($text) = @_;
    return undef unless $$text =~ /\G"((?:[^"\\\x00-\x1f]|\\.)*)"/gcs;
    my $string = $1;
    $string =~ s/\\(?:u([0-9a-fA-F]{4})|(.))/defined $1 ? _character(hex $1) : $escape{$2} || $2/ge;
    return $string;
}

sub _character { return $_[0] < 128 ? chr $_[0] : '?' }

1;
