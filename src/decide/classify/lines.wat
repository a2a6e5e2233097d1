;; How single lines of a log are found and made fit to be shown: line-reader.ts says what for.
;; `npm run generate` assembles this text into lines-wasm.ts, and a test compares the two.
;;
;; A part of a log stands in memory with a newline in the byte before it and in the byte behind, so that every search for
;; the end of a line comes to an end; up to 32 bytes beyond both are read as well and mean nothing.
(module
  (import "lines" "memory" (memory 1))

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

  ;; Whether a time stamp may stand behind columns between two positions: 20, and a T where the time of day begins.
  (func $mayHaveColumns (param $at i32) (param $end i32) (result i32)
    (local $two v128) (local $zero v128) (local $letter v128)
    (local.set $two (i8x16.splat (i32.const 50)))
    (local.set $zero (i8x16.splat (i32.const 48)))
    (local.set $letter (i8x16.splat (i32.const 84)))
    (loop $on
      (if (v128.any_true (v128.and
            (v128.and
              (i8x16.eq (v128.load (local.get $at)) (local.get $two))
              (i8x16.eq (v128.load offset=1 (local.get $at)) (local.get $zero)))
            (i8x16.eq (v128.load offset=10 (local.get $at)) (local.get $letter))))
        (then (return (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $on (i32.lt_u (local.get $at) (local.get $end))))
    (i32.const 0))

  (func $isDigit (param $byte i32) (result i32)
    (i32.lt_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 10)))

  (func $isLetter (param $byte i32) (result i32)
    (i32.lt_u (i32.sub (i32.or (local.get $byte) (i32.const 32)) (i32.const 97)) (i32.const 26)))

  ;; Blank, tab, or another ASCII character that only makes room.
  (func $isSpace (param $byte i32) (result i32)
    (i32.or
      (i32.eq (local.get $byte) (i32.const 32))
      (i32.lt_u (i32.sub (local.get $byte) (i32.const 9)) (i32.const 5))))

  ;; For each of the 16 bytes at $at, all bits set or none: whether it is a digit.
  (func $digits (param $at i32) (result v128)
    (i8x16.lt_u
      (i8x16.sub (v128.load (local.get $at)) (i8x16.splat (i32.const 48)))
      (i8x16.splat (i32.const 10))))

  ;; Where a time stamp at $at ends that looks like 2026-11-20T06:01:02.1234567Z, with one blank behind it; 0 when there is
  ;; none or it looks in any way different. stamp.ts does the same for text.
  (func $stampEnd (param $at i32) (param $end i32) (result i32)
    (local $next i32)
    (if (i32.eqz (i8x16.all_true (v128.bitselect
          (call $digits (local.get $at))
          (i8x16.eq (v128.load (local.get $at)) (v128.const i8x16 0 0 0 0 45 0 0 45 0 0 84 0 0 58 0 0))
          (v128.const i8x16 -1 -1 -1 -1 0 -1 -1 0 -1 -1 0 -1 -1 0 -1 -1))))
      (then (return (i32.const 0))))
    (if (i32.ne
          (i32.and (i32.load offset=16 (local.get $at)) (i32.const 0xff0000ff))
          (i32.const 0x2e00003a))
      (then (return (i32.const 0))))
    (if (i32.eqz (i32.and
          (call $isDigit (i32.load8_u offset=17 (local.get $at)))
          (call $isDigit (i32.load8_u offset=18 (local.get $at)))))
      (then (return (i32.const 0))))
    (local.set $next (i32.add (local.get $at) (i32.const 20)))
    (local.set $next (i32.add (local.get $next)
      (i32.ctz (i32.xor (i8x16.bitmask (call $digits (local.get $next))) (i32.const -1)))))
    (if (i32.or
          (i32.eq (local.get $next) (i32.add (local.get $at) (i32.const 20)))
          (i32.ne (i32.load8_u (local.get $next)) (i32.const 90)))
      (then (return (i32.const 0))))
    (local.set $next (i32.add (local.get $next) (i32.const 1)))
    (if (i32.eq (local.get $next) (local.get $end)) (then (return (local.get $next))))
    (local.set $at (i32.load8_u (local.get $next)))
    ;; A bracket may belong to the stamp.
    (if (i32.or (i32.eq (local.get $at) (i32.const 41)) (i32.eq (local.get $at) (i32.const 93)))
      (then (return (i32.const 0))))
    (i32.add (local.get $next)
      (i32.or (i32.eq (local.get $at) (i32.const 32)) (i32.eq (local.get $at) (i32.const 9)))))

  ;; Puts the bytes between two positions at $out; up to 15 more are written behind them. Returns where they end there.
  (func $copy (export "copy") (param $from i32) (param $to i32) (param $out i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $out) (i32.sub (local.get $to) (local.get $from))))
    (block $done
      (loop $on
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (v128.store (local.get $out) (v128.load (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br $on)))
    (local.get $end))

  ;; How many digits stand at $at, up to $most.
  (func $countDigits (param $at i32) (param $most i32) (result i32)
    (local $count i32)
    (block $done
      (loop $on
        (br_if $done (i32.eq (local.get $count) (local.get $most)))
        (br_if $done (i32.eqz (call $isDigit (i32.load8_u (i32.add (local.get $at) (local.get $count))))))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $on)))
    (local.get $count))

  ;; Where a code ends that lost its escape character, [m or [1;31m with up to five numbers; 0 when there is none at $at.
  (func $bareCodeEnd (param $at i32) (result i32)
    (local $numbers i32) (local $count i32) (local $byte i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 109))
      (then (return (i32.add (local.get $at) (i32.const 1)))))
    (loop $on
      (local.set $count (call $countDigits (local.get $at) (i32.const 3)))
      (if (i32.eqz (local.get $count)) (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (local.get $count)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.eq (local.get $byte) (i32.const 109)) (then (return (local.get $at))))
      (local.set $numbers (i32.add (local.get $numbers) (i32.const 1)))
      (br_if $on (i32.and
        (i32.eq (local.get $byte) (i32.const 59))
        (i32.lt_u (local.get $numbers) (i32.const 5)))))
    (i32.const 0))

  ;; Where a code ends that an escape character at $at begins; 0 when it is none that line.ts knows.
  (func $codeEnd (param $at i32) (result i32)
    (local $kind i32) (local $byte i32)
    (local.set $kind (i32.load8_u offset=1 (local.get $at)))
    (local.set $at (i32.add (local.get $at) (i32.const 2)))
    (local.set $byte (i32.load8_u (local.get $at)))
    ;; ESC [ with numbers and a letter
    (if (i32.eq (local.get $kind) (i32.const 91))
      (then
        (block $ended
          (loop $on
            (local.set $byte (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $on (call $isDigit (local.get $byte)))
            (br_if $on (i32.or (i32.eq (local.get $byte) (i32.const 59)) (i32.eq (local.get $byte) (i32.const 63))))))
        (return (select (local.get $at) (i32.const 0) (call $isLetter (local.get $byte))))))
    ;; ESC ( or ESC ) with a capital letter or a digit
    (if (i32.eq (i32.and (local.get $kind) (i32.const 0xfe)) (i32.const 40))
      (then (return (select
        (i32.add (local.get $at) (i32.const 1))
        (i32.const 0)
        (i32.or
          (call $isDigit (local.get $byte))
          (i32.lt_u (i32.sub (local.get $byte) (i32.const 65)) (i32.const 26)))))))
    ;; ESC ] with anything up to BEL or ESC \
    (if (i32.eq (local.get $kind) (i32.const 93))
      (then
        (loop $on
          (local.set $byte (i32.load8_u (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (if (i32.eq (local.get $byte) (i32.const 7)) (then (return (local.get $at))))
          (if (i32.eq (local.get $byte) (i32.const 27))
            (then (return (select
              (i32.add (local.get $at) (i32.const 1))
              (i32.const 0)
              (i32.eq (i32.load8_u (local.get $at)) (i32.const 92))))))
          (br_if $on (i32.and
            (i32.ne (local.get $byte) (i32.const 10))
            (i32.ne (local.get $byte) (i32.const 13)))))))
    (i32.const 0))

  ;; Puts the bytes between two positions at $out, without the codes for colours. Returns where they end there; 0 when
  ;; that would put together bytes that decoding keeps apart.
  (func $copyText (param $from i32) (param $to i32) (param $out i32) (result i32)
    (local $start i32) (local $bytes v128) (local $codes i32) (local $end i32)
    (local.set $start (local.get $out))
    (loop $on
      ;; As far as no code may begin.
      (loop $plain
        (if (i32.ge_u (local.get $from) (local.get $to))
          (then (return (i32.sub (local.get $out) (i32.sub (local.get $from) (local.get $to))))))
        (local.set $bytes (v128.load (local.get $from)))
        (v128.store (local.get $out) (local.get $bytes))
        (local.set $codes (i32.or (i32.const 0x10000) (i8x16.bitmask (v128.or
          (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 27)))
          (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 91)))))))
        (local.set $from (i32.add (local.get $from) (i32.ctz (local.get $codes))))
        (local.set $out (i32.add (local.get $out) (i32.ctz (local.get $codes))))
        (br_if $plain (i32.eq (local.get $codes) (i32.const 0x10000))))
      (br_if $on (i32.ge_u (local.get $from) (local.get $to)))
      (local.set $end
        (if (result i32) (i32.eq (i32.load8_u (local.get $from)) (i32.const 27))
          (then (call $codeEnd (local.get $from)))
          (else (call $bareCodeEnd (local.get $from)))))
      (if (i32.eqz (local.get $end))
        (then
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (local.set $out (i32.add (local.get $out) (i32.const 1)))
          (br $on)))
      (local.set $from (local.get $end))
      (br_if $on (i32.eq (local.get $out) (local.get $start)))
      ;; A part of a character that stands behind another.
      (br_if $on (i32.lt_u (i32.load8_u (i32.sub (local.get $out) (i32.const 1))) (i32.const 0x80)))
      (br_if $on (i32.ne (i32.and (i32.load8_u (local.get $from)) (i32.const 0xc0)) (i32.const 0x80))))
    (i32.const 0))

  ;; Where the bytes between two positions end without the blanks behind them.
  (func $trimmed (param $from i32) (param $to i32) (result i32)
    (block $done
      (loop $on
        (br_if $done (i32.eq (local.get $to) (local.get $from)))
        (br_if $done (i32.eqz (call $isSpace (i32.load8_u (i32.sub (local.get $to) (i32.const 1))))))
        (local.set $to (i32.sub (local.get $to) (i32.const 1)))
        (br $on)))
    (local.get $to))

  ;; The same as `from` for the line in which $at stands. The newline of a pair belongs to the line that the carriage
  ;; return ends.
  (func (export "around") (param $at i32) (param $out i32) (result i32)
    (call $from
      (call $lineStart (i32.sub (local.get $at) (call $isPair (i32.sub (local.get $at) (i32.const 1)))))
      (local.get $out)))

  (func $isPair (param $at i32) (result i32)
    (i32.eq (i32.load16_u (local.get $at)) (i32.const 0x0a0d)))

  ;; Looks at the line that begins at $start: writes that position to address 0, where it ends to address 4, where the next
  ;; one begins to address 8, and what a person wants to see of it to $out, with a newline behind. Returns how many bytes
  ;; that are, 0 for a blank line; -1 when it takes decoding to tell. Writes up to 400 bytes and 16 more.
  (func $from (export "from") (param $start i32) (param $out i32) (result i32)
    (local $at i32) (local $end i32) (local $breaks i32) (local $codes i32) (local $first i32)
    (local $bytes v128) (local $newline v128) (local $return v128) (local $escape v128) (local $bracket v128) (local $m v128)
    ;; Kept in registers: made anew for every comparison they would take most of the time.
    (local.set $newline (i8x16.splat (i32.const 10)))
    (local.set $return (i8x16.splat (i32.const 13)))
    (local.set $escape (i8x16.splat (i32.const 27)))
    (local.set $bracket (i8x16.splat (i32.const 91)))
    (local.set $m (i8x16.splat (i32.const 109)))
    (local.set $at (local.get $start))
    (loop $on
      (local.set $bytes (v128.load (local.get $at)))
      (local.set $breaks (i8x16.bitmask (v128.or
        (i8x16.eq (local.get $bytes) (local.get $newline))
        (i8x16.eq (local.get $bytes) (local.get $return)))))
      ;; Codes for colours begin with an escape character; of two that lost it m[ is left. What stands behind the line
      ;; does not count: only the bits below that of its break.
      (local.set $codes (i32.or (local.get $codes) (i32.and
        (i8x16.bitmask (v128.or
          (i8x16.eq (local.get $bytes) (local.get $escape))
          (v128.and
            (i8x16.eq (local.get $bytes) (local.get $bracket))
            (i8x16.eq (v128.load (i32.sub (local.get $at) (i32.const 1))) (local.get $m)))))
        (i32.sub (i32.and (local.get $breaks) (i32.sub (i32.const 0) (local.get $breaks))) (i32.const 1)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $on (i32.eqz (local.get $breaks))))
    (local.set $end (i32.add (i32.sub (local.get $at) (i32.const 16)) (i32.ctz (local.get $breaks))))
    (i32.store (i32.const 0) (local.get $start))
    (i32.store (i32.const 4) (local.get $end))
    (i32.store (i32.const 8)
      (i32.add (local.get $end) (i32.add (call $isPair (local.get $end)) (i32.const 1))))
    (if (i32.eq (local.get $start) (local.get $end)) (then (return (i32.const 0))))
    (if (i32.gt_u (i32.sub (local.get $end) (local.get $start)) (i32.const 400)) (then (return (i32.const -1))))
    (local.set $first (i32.load8_u (local.get $start)))
    (local.set $at (local.get $start))
    (if (call $isDigit (local.get $first))
      (then
        (local.set $at (call $stampEnd (local.get $start) (local.get $end)))
        (if (i32.eqz (local.get $at))
          (then
            ;; Every other stamp of a day has a hyphen or a slash behind the year.
            (local.set $first (i32.load8_u offset=4 (local.get $start)))
            (if (i32.or (i32.eq (local.get $first) (i32.const 45)) (i32.eq (local.get $first) (i32.const 47)))
              (then (return (i32.const -1))))
            (local.set $at (local.get $start)))))
      (else
        ;; A mark of byte order, or columns.
        (if (i32.eq (local.get $first) (i32.const 0xef)) (then (return (i32.const -1))))
        (if (i32.ge_u (local.get $first) (i32.const 48))
          (then
            (if (call $mayHaveColumns (local.get $start) (local.get $end)) (then (return (i32.const -1))))))))
    (local.set $first (i32.load8_u (local.get $at)))
    (if (i32.or (local.get $codes) (i32.eq (local.get $first) (i32.const 91)))
      (then (local.set $at (call $copyText (local.get $at) (local.get $end) (local.get $out))))
      (else (local.set $at (call $copy (local.get $at) (local.get $end) (local.get $out)))))
    (if (i32.eqz (local.get $at)) (then (return (i32.const -1))))
    (local.set $at (call $trimmed (local.get $out) (local.get $at)))
    ;; What may be a blank beyond ASCII.
    (if (i32.and
          (i32.gt_u (local.get $at) (local.get $out))
          (i32.ge_u (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 0x80)))
      (then (return (i32.const -1))))
    (i32.store8 (local.get $at) (i32.const 10))
    (i32.sub (local.get $at) (local.get $out)))
)
