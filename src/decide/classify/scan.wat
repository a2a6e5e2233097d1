;; The inner loops of the scanner: scanner.ts says what they are for, scan-tables.ts makes the tables.
;; `npm run generate` assembles this text into scan-wasm.ts, and a test compares the two.
;;
;; A part of a log stands in memory with a newline in the byte before it and a carriage return in the byte behind, so that
;; every search for the end of a line comes to an end; the 16 bytes beyond are read as well and mean nothing.
(module
  (import "scanner" "memory" (memory 1))

  ;; The filter of known blocks is at 0, the buckets at 0x40000: their addresses are written into the instructions.
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
  ;; The block times 2^32 divided by the golden ratio, without its three highest bits, chooses a word of the filter, and the
  ;; five lowest bits of the byte before choose the bit. Four blocks are asked for before anything is decided: the bits of
  ;; most are all 0. Written out, because a call for each would take longer than what it does.
  (func $skip (param $at i32) (param $end i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (block $found
      (loop $on
        (local.set $a (i32.shr_u
          (i32.load (i32.and (i32.const 0x3fffc) (i32.shr_u
            (i32.mul (i32.load offset=0 (local.get $at)) (i32.const 0xf1bbcd88)) (i32.const 14))))
          (i32.load8_u (i32.sub (local.get $at) (i32.const 1)))))
        (local.set $b (i32.shr_u
          (i32.load (i32.and (i32.const 0x3fffc) (i32.shr_u
            (i32.mul (i32.load offset=2 (local.get $at)) (i32.const 0xf1bbcd88)) (i32.const 14))))
          (i32.load8_u offset=1 (local.get $at))))
        (local.set $c (i32.shr_u
          (i32.load (i32.and (i32.const 0x3fffc) (i32.shr_u
            (i32.mul (i32.load offset=4 (local.get $at)) (i32.const 0xf1bbcd88)) (i32.const 14))))
          (i32.load8_u offset=3 (local.get $at))))
        (local.set $d (i32.shr_u
          (i32.load (i32.and (i32.const 0x3fffc) (i32.shr_u
            (i32.mul (i32.load offset=6 (local.get $at)) (i32.const 0xf1bbcd88)) (i32.const 14))))
          (i32.load8_u offset=5 (local.get $at))))
        (br_if $found (i32.and (i32.const 1) (i32.or
          (i32.or (local.get $a) (local.get $b))
          (i32.or (local.get $c) (local.get $d)))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $on (i32.lt_s (local.get $at) (local.get $end))))
      (return (local.get $end)))
    (i32.add (local.get $at) (i32.ctz (i32.or
      (i32.or
        (i32.and (local.get $a) (i32.const 1))
        (i32.shl (i32.and (local.get $b) (i32.const 1)) (i32.const 2)))
      (i32.or
        (i32.shl (i32.and (local.get $c) (i32.const 1)) (i32.const 4))
        (i32.shl (i32.and (local.get $d) (i32.const 1)) (i32.const 6)))))))

  ;; Whether the text of an entry stands at $at: its first eight bytes at once, then one by one.
  (func $stands (param $at i32) (param $entry i32) (result i32)
    (local $text i32) (local $end i32) (local $wanted i32) (local $byte i32)
    (if (i64.ne
          (i64.and
            (i64.or (i64.load (local.get $at)) (i64.load offset=32 (local.get $entry)))
            (i64.load offset=40 (local.get $entry)))
          (i64.load offset=24 (local.get $entry)))
      (then (return (i32.const 0))))
    (local.set $text (i32.add (i32.load offset=16 (local.get $entry)) (i32.const 8)))
    (local.set $end (i32.add (i32.load offset=16 (local.get $entry)) (i32.load offset=8 (local.get $entry))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (block $all
      (loop $on
        (br_if $all (i32.ge_u (local.get $text) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (local.set $wanted (i32.load8_u (local.get $text)))
        (if (i32.ne (local.get $byte) (local.get $wanted))
          (then
            (if (i32.eqz (i32.load offset=20 (local.get $entry))) (then (return (i32.const 0))))
            (if (i32.ge_u (i32.sub (local.get $byte) (i32.const 65)) (i32.const 26)) (then (return (i32.const 0))))
            (if (i32.ne (i32.add (local.get $byte) (i32.const 32)) (local.get $wanted)) (then (return (i32.const 0))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $on)))
    (i32.const 1))

  ;; Whether what has to stand beside the text of an entry, which stands from $start to $end, does. A list of sets ends with
  ;; 0; a set has a bit for each byte. Behind a byte that is not ASCII nothing is known of the next character.
  (func $fits (param $start i32) (param $end i32) (param $entry i32) (result i32)
    (i32.and
      (call $fitsBeside (local.get $end) (i32.const 1) (i32.load offset=52 (local.get $entry)))
      (call $fitsBeside (i32.sub (local.get $start) (i32.const 1)) (i32.const -1)
        (i32.load offset=48 (local.get $entry)))))

  (func $fitsBeside (param $at i32) (param $step i32) (param $sets i32) (result i32)
    (local $byte i32) (local $set i32)
    (block $fits
      (br_if $fits (i32.eqz (local.get $sets)))
      (loop $on
        (br_if $fits (i32.eqz (local.tee $set (i32.load (local.get $sets)))))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.eqz (i32.and (i32.const 1) (i32.shr_u
              (i32.load8_u (i32.add (local.get $set) (i32.shr_u (local.get $byte) (i32.const 3))))
              (i32.and (local.get $byte) (i32.const 7)))))
          (then (return (i32.const 0))))
        (br_if $fits (i32.ge_u (local.get $byte) (i32.const 128)))
        (local.set $at (i32.add (local.get $at) (local.get $step)))
        (local.set $sets (i32.add (local.get $sets) (i32.const 4)))
        (br $on)))
    (i32.const 1))

  ;; What a line holds besides plain text, a bit each: 1 something like a colour code (an escape, or a bracket before a digit
  ;; or an m), 2 something like the time behind columns (20 behind a tab, a blank or a mark of byte order), 4 something that
  ;; is not ASCII, 8 an escape.
  (func $marksOf (param $at i32) (param $end i32) (result i32)
    (local $bytes v128) (local $next v128) (local $before v128)
    (local $codes v128) (local $times v128) (local $all v128) (local $escapes v128)
    (block $done
      (loop $on
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $bytes (v128.load (local.get $at)))
        (local.set $next (v128.load offset=1 (local.get $at)))
        (local.set $before (v128.load (i32.sub (local.get $at) (i32.const 1))))
        ;; What stands behind the line is another's.
        (if (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 16))
          (then (local.set $bytes (v128.and (local.get $bytes) (i8x16.lt_u
            (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
            (i8x16.splat (i32.sub (local.get $end) (local.get $at))))))))
        (local.set $all (v128.or (local.get $all) (local.get $bytes)))
        (local.set $escapes (v128.or (local.get $escapes)
          (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 27)))))
        (local.set $codes (v128.or (local.get $codes) (v128.and
          (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 91)))
          (v128.or
            (i8x16.eq (local.get $next) (i8x16.splat (i32.const 109)))
            (i8x16.lt_u (i8x16.sub (local.get $next) (i8x16.splat (i32.const 48))) (i8x16.splat (i32.const 10)))))))
        (local.set $times (v128.or (local.get $times) (v128.and
          (v128.and
            (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 50)))
            (i8x16.eq (local.get $next) (i8x16.splat (i32.const 48))))
          (v128.or
            (i8x16.eq (local.get $before) (i8x16.splat (i32.const 0xbf)))
            (v128.or
              (i8x16.eq (local.get $before) (i8x16.splat (i32.const 9)))
              (i8x16.eq (local.get $before) (i8x16.splat (i32.const 32))))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $on)))
    (i32.or
      (i32.or
        (v128.any_true (v128.or (local.get $codes) (local.get $escapes)))
        (i32.shl (v128.any_true (local.get $times)) (i32.const 1)))
      (i32.or
        (i32.shl (i32.ne (i8x16.bitmask (local.get $all)) (i32.const 0)) (i32.const 2))
        (i32.shl (v128.any_true (local.get $escapes)) (i32.const 3)))))

  ;; Writes the number of a text, the first time in a line. Returns where it stopped writing.
  (func $note (param $id i32) (param $out i32) (result i32)
    (local $last i32)
    (local.set $last (i32.add (global.get $seen) (i32.shl (local.get $id) (i32.const 2))))
    (if (i32.eq (i32.load (local.get $last)) (global.get $line)) (then (return (local.get $out))))
    (i32.store (local.get $last) (global.get $line))
    (i32.store (local.get $out) (local.get $id))
    (i32.add (local.get $out) (i32.const 4)))

  ;; Looks through $from to $to and writes a record to $out for each line in which a text stands where it may belong to a
  ;; match: where the line begins and ends, where the first text was found, how many lines end before it, what $marksOf says
  ;; of it, how many texts follow, and their numbers. Stops before a record might not fit below $limit, or at $to. Returns where it stopped writing.
  (func (export "scan") (param $from i32) (param $to i32) (param $out i32) (param $limit i32) (result i32)
    (local $at i32) (local $last i32) (local $entry i32) (local $start i32) (local $end i32)
    ;; The line of the record at $out, and where its next text goes: at $out itself before the first line.
    (local $lineStart i32) (local $lineEnd i32) (local $marks i32) (local $cursor i32)
    (local $counted i32) (local $ends i32)
    (local.set $at (local.get $from))
    (local.set $counted (local.get $from))
    (local.set $cursor (local.get $out))
    ;; A block has three bytes at least.
    (local.set $last (i32.sub (local.get $to) (i32.const 2)))
    (block $done
      (loop $on
        (if (i32.ge_s (local.tee $at (call $skip (local.get $at) (local.get $last))) (local.get $last))
          (then
            (local.set $at (local.get $to))
            (br $done)))
        (local.set $entry (i32.load offset=0x40000 (i32.and (i32.const 0x7ffc) (i32.shr_u
          (i32.mul (i32.load (local.get $at)) (i32.const 0xf1bbcd88)) (i32.const 17)))))
        (block $none
          (br_if $none (i32.eqz (local.get $entry)))
          (loop $next
            (block $absent
              (local.set $start (i32.sub (local.get $at) (i32.load offset=4 (local.get $entry))))
              (br_if $absent (i32.eqz (call $stands (local.get $start) (local.get $entry))))
              (local.set $end (i32.add (local.get $start) (i32.load offset=8 (local.get $entry))))
              (br_if $absent (i32.or
                (i32.lt_u (local.get $start) (local.get $from))
                (i32.gt_u (local.get $end) (local.get $to))))
              (if (i32.or
                    (i32.ge_u (local.get $start) (local.get $lineEnd))
                    (i32.eq (local.get $cursor) (local.get $out)))
                (then
                  (local.set $out (call $close (local.get $out) (local.get $cursor)))
                  (local.set $cursor (local.get $out))
                  (local.set $lineStart (call $lineStart (local.get $at)))
                  (if (i32.gt_u (local.get $out) (local.get $limit))
                    (then
                      (local.set $at (local.get $lineStart))
                      (br $done)))
                  (local.set $lineEnd (call $lineEnd (local.get $at)))
                  (local.set $marks (call $marksOf (local.get $lineStart) (local.get $lineEnd)))
                  (local.set $ends
                    (i32.add (local.get $ends) (call $countEnds (local.get $counted) (local.get $lineStart))))
                  (local.set $counted (local.get $lineStart))
                  (i32.store offset=0 (local.get $out) (local.get $lineStart))
                  (i32.store offset=4 (local.get $out) (local.get $lineEnd))
                  (i32.store offset=8 (local.get $out) (local.get $at))
                  (i32.store offset=12 (local.get $out) (local.get $ends))
                  (i32.store offset=16 (local.get $out) (local.get $marks))
                  (global.set $line (i32.add (global.get $line) (i32.const 1)))
                  (local.set $cursor (i32.add (local.get $out) (i32.const 24)))))
              ;; Where patterns see the line as it stands, but for what is taken away in front, what does not fit is no match.
              ;; They see the first 2048 characters: at their end a text stands beside nothing.
              (br_if $absent (i32.and
                (i32.and
                  (i32.eqz (i32.and (local.get $marks) (i32.const 3)))
                  (i32.lt_u (i32.sub (local.get $end) (local.get $lineStart)) (i32.const 2040)))
                (i32.eqz (call $fits (local.get $start) (local.get $end) (local.get $entry)))))
              (local.set $cursor (call $note (i32.load (local.get $entry)) (local.get $cursor))))
            (if (i32.load offset=12 (local.get $entry))
              (then
                (local.set $entry (i32.add (local.get $entry) (i32.const 64)))
                (br $next)))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br $on)))
    (global.set $at (local.get $at))
    (global.set $ends (i32.add (local.get $ends) (call $countEnds (local.get $counted) (local.get $at))))
    (call $close (local.get $out) (local.get $cursor)))

  ;; Writes how many texts a record has, and returns where the next one begins: at $out as well, when it has none.
  (func $close (param $out i32) (param $cursor i32) (result i32)
    (local $texts i32)
    (local.set $texts (i32.shr_s (i32.sub (local.get $cursor) (i32.add (local.get $out) (i32.const 24))) (i32.const 2)))
    (if (i32.le_s (local.get $texts) (i32.const 0)) (then (return (local.get $out))))
    (i32.store offset=20 (local.get $out) (local.get $texts))
    (local.get $cursor))
)
