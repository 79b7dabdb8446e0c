#!/bin/sh
# Makes NotoSansSC-GBK-Regular.otf from Debian's fonts-noto-cjk. Run in this folder.
# Needs: apt-get install fonts-noto-cjk; pip install fonttools
set -eu

source_font="${1:-/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc}"

# The GBK set as Python decodes it, plus ASCII, Latin letters and the signs a bill needs.
python3 - > characters.txt <<'PYTHON'
wanted = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100))
for high in range(0x81, 0xFF):
    for low in range(0x40, 0xFF):
        try:
            text = bytes((high, low)).decode("gbk")
        except UnicodeDecodeError:
            continue
        wanted.update(ord(c) for c in text)
wanted |= set(range(0x2010, 0x2028)) | set(range(0x2030, 0x203C))      # dashes, quotes, points
wanted |= set(range(0x2150, 0x2180)) | set(range(0x2460, 0x2500))      # fractions, Roman, circled
wanted |= set(range(0x2500, 0x2580)) | set(range(0x25A0, 0x2600))      # boxes, shapes
wanted |= set(range(0x2200, 0x2270))                                  # mathematical signs
wanted |= set(map(ord, "€£¥₩¤…·×÷±≥≤≠≈≡√∑∞∠℃℉№‰→←↑↓⇒㎡㎥㎜㎝㎞㎏㏑㏒㈠〇〓○●☆★☐☑☒✓✗︰"))
wanted = {c for c in wanted if not 0xE000 <= c <= 0xF8FF}              # no private use
print(",".join(f"U+{c:04X}" for c in sorted(wanted)))
PYTHON

# Face 2 of the collection is Noto Sans CJK SC. Figures of the face are already tabular, so no
# layout feature is kept; hints are dropped, since paper does not need them.
pyftsubset "$source_font" --font-number=2 --unicodes-file=characters.txt \
  --layout-features='' --no-hinting --desubroutinize --notdef-outline \
  --name-IDs='0,1,2,3,4,5,6,13,14' --drop-tables+=vhea,vmtx,VORG,BASE,GPOS,GSUB,DSIG \
  --output-file=NotoSansSC-GBK-Regular.otf
rm characters.txt
ls -l NotoSansSC-GBK-Regular.otf
