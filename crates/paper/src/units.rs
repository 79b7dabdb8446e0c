//! Lengths in whole thousandths of a point, so that the layout is exact and the same everywhere.

/// A length in 1/1000 point (72 points an inch).
pub(crate) type Length = i64;

/// Whole points.
pub(crate) const fn pt(points: i64) -> Length {
    points * 1000
}

/// The one place where a layout length becomes the number a PDF is written with.
#[allow(clippy::float_arithmetic)]
pub(crate) fn to_pdf(length: Length) -> f32 {
    // Pages are small: every length stays far inside the 24 bits f32 keeps exactly.
    length as f32 / 1000.0
}
