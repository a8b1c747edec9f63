# SPDX-License-Identifier: GPL-2.0-only
#
# Makes figures of the lines that the measuring programs print. lab/make/bench includes
# this.

# all: makes one object of the lines, which have the name of their part as .part
def all($kernel; $bars):
  def part($name): map(select(.part == $name) | del(.part));
  # The round in which this driver took the least
  def of($driver): map(select(.driver == $driver)) | min_by(.instructions);
  def cost: {instructions, least, median};
  # One object for each operation, in their order
  def operations: map(select(.op)) | . as $ops |
    (reduce .[].op as $op ([]; if index([$op]) then . else . + [$op] end)) |
    map(. as $op | $ops | map(select(.op == $op)) | {
      operation: $op,
      "vfio-pci": (of("vfio-pci") | cost),
      "vfio-pci-nosnoop": (of("vfio-pci-nosnoop") | cost),
    });
  def barred: map(.operation as $op | . + {
    bar: ([$bars.bars[] | .operations as $regex | select($op | test($regex))][0] |
      if . then del(.operations) else null end),
  });
  {
    "SPDX-License-Identifier": $bars."SPDX-License-Identifier",
    $kernel,
    operations: (part("exact") | operations | barred),
    patched: (part("patched") | operations),
    memory_bar: $bars.memory,
    memory: (part("exact") | map(select(.memory)) | group_by(.driver) |
      map(min_by(.memory) | {key: .driver, value: del(.driver)}) | from_entries),
    modules: part("modules"),
    growth: (part("growth") | group_by([.op, .functions]) | map({
      operation: .[0].op, functions: .[0].functions,
      "vfio-pci": of("vfio-pci").instructions,
      "vfio-pci-nosnoop": of("vfio-pci-nosnoop").instructions })),
    threads: part("threads"),
    wbinvd: part("wbinvd"),
  };

def theirs: ."vfio-pci".instructions;
def ours: ."vfio-pci-nosnoop".instructions;
def more: ours - theirs;

# Whether an operation keeps to its bar; null if it has none
def keeps:
  if .bar == null then null
  elif .bar.more then more <= .bar.more
  else ours <= .bar.times * theirs end;

def bar_text:
  if .bar == null then ""
  elif .bar.more then "+\(.bar.more)"
  else "x\(.bar.times)" end;

# The factor, with three digits after the point
def times($a; $b):
  (($b / $a * 1000 | round) + 1000000 | tostring) as $digits |
  "x\($digits[-6:-3] | ltrimstr("0") | ltrimstr("0")).\($digits[-3:])";

def signed: if . < 0 then "\(.)" else "+\(.)" end;

# How much more an operation may take than $expected, the operation of that name
def allowed($expected): [5, ($expected | ours) / 100] | max;

# How much more an operation takes than expected. vfio-pci does not change, so if that,
# too, does not take what was expected, then the kernel or the compiler is another one.
# In that case only growth of the extra cost over vfio-pci counts.
def growth($expected):
  (ours - ($expected | ours)) as $absolute |
  if (theirs - ($expected | theirs) | fabs) <= ($expected | theirs) / 100 then $absolute
  else [$absolute, more - ($expected | more)] | min end;

def line(good; text): "\(if good then "ok" else "not ok" end) \(text)";

# compare: compares a run with $expected; prints lines of TAP without numbers
def compare($expected):
  ($expected.operations | map({key: .operation, value: .}) | from_entries) as $known |
  (.operations[] |
    $known[.operation] as $e |
    if $e == null then line(false; "\(.operation): is in the expected figures")
    else growth($e) as $growth |
      line($growth <= allowed($e); "\(.operation): \(ours) instructions, \($growth | signed)")
    end),
  ((($known | keys) - [.operations[].operation])[] | line(false; "\(.): was measured")),
  (.memory."vfio-pci-nosnoop".structure as $structure |
    line($structure <= $expected.memory."vfio-pci-nosnoop".structure;
      "structure for a function: \($structure) bytes"));

# bars: the same for operations with a bar. On another kernel these are not judged, because
# some bars have no room to spare.
def bars($expected):
  (.kernel == $expected.kernel) as $same |
  def judge(good; text): if $same then line(good; text) else "# not judged on another kernel: \(text)" end;
  (.operations[] | select(.bar) |
    judge(keeps; "\(.operation): keeps to its bar of \(bar_text)")),
  ((.memory | ."vfio-pci-nosnoop".memory - ."vfio-pci".memory) as $more | .memory_bar as $bar |
    line($more <= $bar; "memory for a bound function: keeps to its bar of +\($bar)")),
  ([$expected.operations[] | {operation, bar}] as $known |
    [.operations[] | {operation, bar} | select(.operation | IN($known[].operation))] |
    line(. - $known == []; "the bars are those of the expected figures"));

# Text in columns
def right($width): tostring | (" " * ($width - length) // "") + .;
def left($width): tostring | . + (" " * ($width - length) // "");
def operation_text:
  "\(.operation | left(34))\(theirs | right(9))\(ours | right(18))\(more | signed | right(7))\(times(theirs; ours) | right(9))\(bar_text | right(7))\(
    if keeps == false then "  *" else "" end)";

def operations_text:
  "\("Instructions" | left(34))\("vfio-pci" | right(9))\("vfio-pci-nosnoop" | right(18))\("more" | right(7))\("" | right(9))\("bar" | right(7))",
  (.operations[] | operation_text),
  (if any(.operations[]; keeps == false) then "* misses its bar" else empty end);

def patched_text:
  "\("Instructions, with patches/core" | left(34))\("vfio-pci" | right(9))\("vfio-pci-nosnoop" | right(18))\("more" | right(7))",
  (.patched[] | operation_text);

def memory_text:
  "\("Bytes for a bound function" | left(34))\("vfio-pci" | right(9))\("vfio-pci-nosnoop" | right(18))\("more" | right(7))\("" | right(9))\("bar" | right(7))",
  ({memory: "slab objects, by the bind", structure: "its structure", allocated: "its structure, as allocated"} |
    to_entries[]) as $row | .memory_bar as $bar |
  .memory |
  "\($row.value | left(34))\(."vfio-pci"[$row.key] | right(9))\(."vfio-pci-nosnoop"[$row.key] | right(18))\(
    ."vfio-pci-nosnoop"[$row.key] - ."vfio-pci"[$row.key] | signed | right(7))\(
    if $row.key == "memory" then "+\($bar)" | right(16) else "" end)";

def modules_text:
  "\("Bytes of a module" | left(34))\("text" | right(9))\("data" | right(9))\("bss" | right(9))",
  (.modules[] | "\(.module | left(34))\(.text | right(9))\(.data | right(9))\(.bss | right(9))");

def growth_text:
  "\("Instructions, by functions bound" | left(34))\("" | right(9))\([.growth[].functions] | unique | map(tostring | right(9)) | add)",
  (.growth as $growth | [.operations[].operation, "bind"] | unique[] as $op |
    [$growth[] | select(.operation == $op)] | sort_by(.functions) | select(length > 0) |
    "\($op | left(34))\("vfio-pci" | right(9))\(map(."vfio-pci" | right(9)) | add)",
    "\("- more" | left(34))\("" | right(9))\(map(."vfio-pci-nosnoop" - ."vfio-pci" | signed | right(9)) | add)");

def threads_text:
  "\("Config accesses, times vfio-pci's" | left(34))\("threads" | right(9))\("devices" | right(9))\("median" | right(9))\("low" | right(9))\("high" | right(9))",
  (.threads[] | "\(.access | left(34))\(.threads | right(9))\(.devices | right(9))\(
    [.ratio, .low, .high] | map(. as $r | times(1; $r) | right(9)) | add)");

def wbinvd_text:
  def row($name; value):
    [.wbinvd | group_by(.driver) | transpose[] | {vcpus: .[0].vcpus, values: map(value)} | select(.values[0] != null)] |
    unique_by(.vcpus)[] | "\($name | left(45))\(.vcpus | right(7))\(.values[0] | right(9))\(.values[1] | right(18))";
  def hundredths: . * 100 | round / 100;
  def events(value): if .what == "events" then value | hundredths else null end;
  "\("KVM and WBINVD, with patches/core" | left(45))\("vCPUs" | right(7))\("vfio-pci" | right(9))\("vfio-pci-nosnoop" | right(18))",
  row("instructions, without the flush"; if .what == "instructions" then .ns | round else null end),
  row("exits"; events(.wbinvd_exits / .wbinvds)),
  row("caches flushed"; events(.flushes / .wbinvds)),
  row("- by a vCPU that was on all four processors"; events(.moved_flushes / .moved_wbinvds)),
  row("zaps of page tables, attached and detached"; events(.attach_zaps + .detach_zaps)),
  row("instructions to attach the group"; if .what == "instructions" then .attach_ns else null end),
  row("instructions to detach it"; if .what == "instructions" then .detach_ns else null end);

def report:
  ("Linux \(.kernel)", "", operations_text, "", patched_text, "", memory_text, "", modules_text, "", growth_text,
   "", threads_text, "", wbinvd_text) | sub(" +$"; "");

# One line for each bar of the chart, from the lowest up
def chart: .operations | reverse | to_entries[] |
  [.key, .value.operation, (.value | ours / theirs * 1000 | round / 1000)] | @tsv;

# Whether KVM was told: with vfio-pci-nosnoop it must not flush caches, with vfio-pci it
# must
def wbinvd_good: .wbinvd | map(select(.what == "events")) | length == 6 and all(
  if .driver == "vfio-pci"
  then .flushes >= .wbinvds and .moved_flushes == 4 * .moved_wbinvds
  else .flushes + .moved_flushes == 0 end);
