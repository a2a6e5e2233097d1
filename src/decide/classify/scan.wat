;; The inner loops of the scanner: scanner.ts says what they are for, scan-tables.ts makes the tables.
;; `npm run generate` assembles this text into scan-wasm.ts, and a test compares the two.
;;
;; A part of a log stands in memory with a newline in the byte before it and a carriage return in the byte behind, so that
;; every search for the end of a line comes to an end; the 16 bytes beyond are read as well and mean nothing.
(module
  (import "scanner" "memory" (memory 1))

  ;; Where the tables of the rules in use begin. The filter of known blocks is at 0, the filter of blocks with a
  ;; neighbour at 0x20000: their addresses are written into the instructions.
  (global $slots (export "slots") (mut i32) (i32.const 0))
  (global $mask (export "mask") (mut i32) (i32.const 0))
  (global $entries (export "entries") (mut i32) (i32.const 0))
  (global $offsets (export "offsets") (mut i32) (i32.const 0))
  (global $texts (export "texts") (mut i32) (i32.const 0))
  ;; For every text, the number of the line in which it was found last.
  (global $seen (export "seen") (mut i32) (i32.const 0))
  (global $line (mut i32) (i32.const 0))

  ;; What `scan` says besides its result: where to go on, and how many lines end before that.
  (global $at (export "at") (mut i32) (i32.const 0))
  (global $ends (export "ends") (mut i32) (i32.const 0))

  ;; One bit for each of the 16 bytes at $at: whether a line ends with it.
  (func $lineBreaks (param $at i32) (result i32)
    (local $bytes v128)
    (local.set $bytes (v128.load (local.get $at)))
    (i8x16.bitmask (v128.or
      (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 10)))
      (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 13))))))

  ;; The first byte behind the line break before $at.
  (func $lineStart (param $at i32) (result i32)
    (local $breaks i32)
    (loop $back
      (local.set $at (i32.sub (local.get $at) (i32.const 16)))
      (br_if $back (i32.eqz (local.tee $breaks (call $lineBreaks (local.get $at))))))
    (i32.sub (i32.add (local.get $at) (i32.const 32)) (i32.clz (local.get $breaks))))

  ;; The first line break at or behind $at.
  (func $lineEnd (param $at i32) (result i32)
    (local $breaks i32)
    (block $found
      (loop $on
        (br_if $found (local.tee $breaks (call $lineBreaks (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $on)))
    (i32.add (local.get $at) (i32.ctz (local.get $breaks))))

  ;; How many lines end between two positions: a newline ends one, and a carriage return that no newline follows.
  (func $countEnds (param $from i32) (param $to i32) (result i32)
    (local $count i32) (local $bytes v128) (local $ends i32)
    (block $done
      (loop $on
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (local.set $bytes (v128.load (local.get $from)))
        (local.set $ends (i8x16.bitmask (v128.or
          (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 10)))
          (v128.andnot
            (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 13)))
            (i8x16.eq (v128.load offset=1 (local.get $from)) (i8x16.splat (i32.const 10)))))))
        (if (i32.lt_u (i32.sub (local.get $to) (local.get $from)) (i32.const 16))
          (then (local.set $ends (i32.and (local.get $ends)
            (i32.sub (i32.shl (i32.const 1) (i32.sub (local.get $to) (local.get $from))) (i32.const 1))))))
        (local.set $count (i32.add (local.get $count) (i32.popcnt (local.get $ends))))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br $on)))
    (local.get $count))

  ;; The next position, two bytes at a time, whose block may be known; $end or more when there is none before it.
  ;; Four blocks are asked for before anything is decided: the bits of most are all 0.
  (func $skip (param $at i32) (param $end i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (block $found
      (loop $on
        (local.set $a (i32.mul (i32.load offset=0 (local.get $at)) (i32.const 0x9e3779b1)))
        (local.set $b (i32.mul (i32.load offset=2 (local.get $at)) (i32.const 0x9e3779b1)))
        (local.set $c (i32.mul (i32.load offset=4 (local.get $at)) (i32.const 0x9e3779b1)))
        (local.set $d (i32.mul (i32.load offset=6 (local.get $at)) (i32.const 0x9e3779b1)))
        (br_if $found (i32.and (i32.const 1) (i32.or
          (i32.or (call $bit (local.get $a)) (call $bit (local.get $b)))
          (i32.or (call $bit (local.get $c)) (call $bit (local.get $d))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $on (i32.lt_u (local.get $at) (local.get $end))))
      (return (local.get $end)))
    (loop $which
      (if (i32.eqz (i32.and (i32.const 1) (call $bit (i32.mul (i32.load (local.get $at)) (i32.const 0x9e3779b1)))))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (br $which))))
    (local.get $at))

  ;; The filter's bit for a block, lowest in the result; $product is the block times 2^32 divided by the golden ratio.
  (func $bit (param $product i32) (result i32)
    (i32.shr_u
      (i32.load (i32.and (i32.shr_u (local.get $product) (i32.const 15)) (i32.const 0x1fffc)))
      (i32.shr_u (local.get $product) (i32.const 12))))

  ;; The second filter's bit for a block and what stands beside it, lowest in the result.
  (func $bitBeside (param $block i32) (param $side i32) (result i32)
    (local $hash i32)
    (local.set $hash (i32.shr_u
      (i32.mul
        (i32.xor
          (local.get $block)
          (i32.mul (i32.add (local.get $side) (i32.const 1)) (i32.const 0x85ebca6b)))
        (i32.const 0x9e3779b1))
      (i32.const 14)))
    (i32.shr_u
      (i32.load8_u offset=0x20000 (i32.shr_u (local.get $hash) (i32.const 3)))
      (i32.and (local.get $hash) (i32.const 7))))

  ;; Whether a text may stand around the block at $at: with the byte behind (0 to 255), with the byte before (256 to 511),
  ;; or with neither (512).
  (func $mayStand (param $at i32) (result i32)
    (local $block i32)
    (local.set $block (i32.load (local.get $at)))
    (i32.and (i32.const 1) (i32.or
      (call $bitBeside (local.get $block) (i32.load8_u offset=4 (local.get $at)))
      (i32.or
        (call $bitBeside (local.get $block)
          (i32.add (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 256)))
        (call $bitBeside (local.get $block) (i32.const 512))))))

  ;; Whether the $length bytes at $text stand at $at; those are in lower case where $ignoreCase.
  (func $matches (param $at i32) (param $text i32) (param $length i32) (param $ignoreCase i32) (result i32)
    (local $end i32) (local $byte i32) (local $wanted i32)
    (local.set $end (i32.add (local.get $text) (local.get $length)))
    (loop $on
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $wanted (i32.load8_u (local.get $text)))
      (if (i32.ne (local.get $byte) (local.get $wanted))
        (then
          (if (i32.eqz (local.get $ignoreCase)) (then (return (i32.const 0))))
          (if (i32.ge_u (i32.sub (local.get $byte) (i32.const 65)) (i32.const 26)) (then (return (i32.const 0))))
          (if (i32.ne (i32.add (local.get $byte) (i32.const 32)) (local.get $wanted)) (then (return (i32.const 0))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (br_if $on (i32.lt_u (local.get $text) (local.get $end))))
    (i32.const 1))

  ;; Writes to $out the texts between $from and $to that stand around the block at $at, unless they were found in this line
  ;; already. Returns where it stopped writing.
  (func $collect (param $at i32) (param $from i32) (param $to i32) (param $out i32) (result i32)
    (local $block i32) (local $slot i32) (local $entry i32) (local $id i32)
    (local $start i32) (local $text i32) (local $length i32)
    (local.set $block (i32.load (local.get $at)))
    (local.set $slot (i32.shr_u (i32.mul (local.get $block) (i32.const 0x9e3779b1)) (i32.const 12)))
    ;; Eight bytes a slot: the block, and the address of its first entry, which is 0 where the slot is empty.
    (loop $probe
      (local.set $slot (i32.and (local.get $slot) (global.get $mask)))
      (local.set $entry (i32.load offset=4
        (i32.add (global.get $slots) (i32.shl (local.get $slot) (i32.const 3)))))
      (if (i32.eqz (local.get $entry)) (then (return (local.get $out))))
      (if (i32.ne (local.get $block) (i32.load (i32.add (global.get $slots) (i32.shl (local.get $slot) (i32.const 3)))))
        (then
          (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
          (br $probe))))
    ;; Sixteen bytes an entry: text, distance of the block from its start, whether case is ignored, whether one follows.
    (loop $next
      (local.set $id (i32.load (local.get $entry)))
      (local.set $start (i32.sub (local.get $at) (i32.load offset=4 (local.get $entry))))
      (local.set $text (i32.add (global.get $offsets) (i32.shl (local.get $id) (i32.const 2))))
      (local.set $length (i32.sub (i32.load offset=4 (local.get $text)) (i32.load (local.get $text))))
      (local.set $text (i32.add (global.get $texts) (i32.load (local.get $text))))
      (if (i32.and
            (i32.ge_u (local.get $start) (local.get $from))
            (i32.le_u (i32.add (local.get $start) (local.get $length)) (local.get $to)))
        (then
          (if (call $matches
                (local.get $start) (local.get $text) (local.get $length) (i32.load offset=8 (local.get $entry)))
            (then (local.set $out (call $note (local.get $id) (local.get $out)))))))
      (if (i32.load offset=12 (local.get $entry))
        (then
          (local.set $entry (i32.add (local.get $entry) (i32.const 16)))
          (br $next))))
    (local.get $out))

  ;; Writes the number of a text, the first time in a line.
  (func $note (param $id i32) (param $out i32) (result i32)
    (local $last i32)
    (local.set $last (i32.add (global.get $seen) (i32.shl (local.get $id) (i32.const 2))))
    (if (i32.eq (i32.load (local.get $last)) (global.get $line)) (then (return (local.get $out))))
    (i32.store (local.get $last) (global.get $line))
    (i32.store (local.get $out) (local.get $id))
    (i32.add (local.get $out) (i32.const 4)))

  ;; From $at on, the first position before $to with texts that were not found in this line yet, and those texts, written
  ;; to $out. Returns where it stopped writing; the position is in $at of the module, $to or more when there is none.
  (func $find (param $at i32) (param $from i32) (param $to i32) (param $out i32) (result i32)
    (local $end i32) (local $written i32)
    ;; A block has three bytes at least.
    (local.set $end (i32.sub (local.get $to) (i32.const 2)))
    (local.set $written (local.get $out))
    (block $done
      (loop $on
        (br_if $done (i32.ge_s (local.tee $at (call $skip (local.get $at) (local.get $end))) (local.get $end)))
        (if (call $mayStand (local.get $at))
          (then
            (local.set $written (call $collect (local.get $at) (local.get $from) (local.get $to) (local.get $out)))
            (br_if $done (i32.ne (local.get $written) (local.get $out)))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br $on)))
    (global.set $at (local.get $at))
    (local.get $written))

  ;; Looks through $from to $to and writes a record to $out for each line in which a text stands: where the line begins and
  ;; ends, where the first text was found, how many lines end before it, how many texts follow, and their numbers. Stops
  ;; before a record might not fit below $limit, or at $to. Returns where it stopped writing.
  (func (export "scan") (param $from i32) (param $to i32) (param $out i32) (param $limit i32) (result i32)
    (local $at i32) (local $start i32) (local $end i32) (local $counted i32) (local $ends i32) (local $cursor i32)
    (local $position i32)
    (local.set $at (local.get $from))
    (local.set $counted (local.get $from))
    (block $full
      (loop $lines
        (br_if $full (i32.gt_u (local.get $out) (local.get $limit)))
        (global.set $line (i32.add (global.get $line) (i32.const 1)))
        (local.set $cursor
          (call $find (local.get $at) (local.get $from) (local.get $to) (i32.add (local.get $out) (i32.const 20))))
        (local.set $position (global.get $at))
        (if (i32.ge_s (local.get $position) (i32.sub (local.get $to) (i32.const 2)))
          (then
            (local.set $at (local.get $to))
            (br $full)))
        (local.set $start (call $lineStart (local.get $position)))
        (local.set $end (call $lineEnd (local.get $position)))
        (local.set $ends
          (i32.add (local.get $ends) (call $countEnds (local.get $counted) (local.get $start))))
        (local.set $counted (local.get $start))
        (i32.store offset=0 (local.get $out) (local.get $start))
        (i32.store offset=4 (local.get $out) (local.get $end))
        (i32.store offset=8 (local.get $out) (local.get $position))
        (i32.store offset=12 (local.get $out) (local.get $ends))
        (loop $rest
          (local.set $cursor (call $find
            (i32.add (local.get $position) (i32.const 2)) (local.get $from) (local.get $end) (local.get $cursor)))
          (br_if $rest (i32.lt_s
            (local.tee $position (global.get $at)) (i32.sub (local.get $end) (i32.const 2)))))
        (i32.store offset=16 (local.get $out)
          (i32.shr_u (i32.sub (local.get $cursor) (i32.add (local.get $out) (i32.const 20))) (i32.const 2)))
        (local.set $out (local.get $cursor))
        (local.set $at (i32.add (local.get $end) (i32.const 1)))
        (br $lines)))
    (global.set $at (local.get $at))
    (global.set $ends (i32.add (local.get $ends) (call $countEnds (local.get $counted) (local.get $at))))
    (local.get $out))
)
