//! A code for a camera: a QR code drawn as squares, with its words beside it.

use documents::page::Scan;
use qrcode::{Color, EcLevel, QrCode};

use crate::PaperError;
use crate::flow::{BODY, Flow, Ink, LABEL, Mark, NOTE, Type};
use crate::units::{Length, pt};

/// Longer contents give squares too small for a camera.
const CONTENT_BYTES_MAX: usize = 500;
/// Free squares around the code, as the standard asks.
const QUIET_ZONE: Length = 4;
/// Width of the code with its free zone, at the least.
const WIDTH: Length = pt(86);

/// Sets the code at the left and its words at the right.
pub(crate) fn lay_out(flow: &mut Flow, block: &Scan) -> Result<(), PaperError> {
    let too_long = || PaperError::LongCode { length: block.content.len(), most: CONTENT_BYTES_MAX };
    if block.content.len() > CONTENT_BYTES_MAX {
        return Err(too_long());
    }
    let code =
        QrCode::with_error_correction_level(block.content.as_bytes(), EcLevel::M).map_err(|_| too_long())?;
    let squares = Length::try_from(code.width()).unwrap_or(Length::MAX) + 2 * QUIET_ZONE;
    // Whole thousandths of a point, and never below what a camera tells apart on office paper.
    let side = (WIDTH / squares).max(1_300);
    let width = side * squares;
    flow.need(width + pt(4))?;
    let top = flow.y;
    let mut dark = Vec::new();
    for row in 0..code.width() {
        for column in 0..code.width() {
            if code[(column, row)] == Color::Dark {
                dark.push((u16::try_from(column).unwrap_or(0), u16::try_from(row).unwrap_or(0)));
            }
        }
    }
    let start = side * QUIET_ZONE;
    flow.draw(Mark::Squares { x: flow.left + start, y: top + start, side, dark });
    let (x, room) = (flow.left + width + pt(8), flow.width - width - pt(8));
    let mut y = top + start;
    let parts = [
        (Type { bold: true, ..BODY }, block.label.as_str()),
        (Type { ink: Ink::Black, ..LABEL }, block.text.as_str()),
        (NOTE, block.note.as_str()),
    ];
    for (kind, text) in parts {
        for line in flow.wrap(text, kind.size, room) {
            // Words beyond the height of the code would run into what follows.
            if y + kind.leading > top + width {
                break;
            }
            flow.text(x, y, kind, &line);
            y += kind.leading;
        }
    }
    flow.y = top + width;
    flow.space(pt(4));
    Ok(())
}
