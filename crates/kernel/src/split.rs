//! Splits that sum exactly to what was split.

use crate::{FigureError, Result};

/// Splits `total` smallest units by `weights` with the largest-remainder method; ties go to the earlier part.
/// The parts always sum to `total`. Weights must not be negative and not all zero. (XC-17)
pub fn split_by_weight(total: i64, weights: &[i64]) -> Result<Vec<i64>> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum <= 0 || weights.iter().any(|weight| *weight < 0) {
        return Err(FigureError::NoWeights);
    }
    let magnitude = i128::from(total).unsigned_abs() as i128;
    let mut parts = Vec::with_capacity(weights.len());
    let mut rests = Vec::with_capacity(weights.len());
    let mut given = 0_i128;
    for (index, weight) in weights.iter().enumerate() {
        let product = magnitude * i128::from(*weight);
        given += product / sum;
        parts.push(product / sum);
        rests.push((product % sum, index));
    }
    rests.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let left = usize::try_from(magnitude - given).map_err(|_| FigureError::Overflow("split"))?;
    for (_, index) in rests.into_iter().take(left) {
        parts[index] += 1;
    }
    let sign = i128::from(total.signum());
    parts
        .into_iter()
        .map(|part| i64::try_from(part * sign).map_err(|_| FigureError::Overflow("split")))
        .collect()
}

/// Splits `total` smallest units by `weights`, each part rounded half up to a whole `step`, and the part at
/// `main` takes what is left: how losses are shared over metering points. The parts always sum to `total`.
pub fn split_with_remainder_to(total: i64, weights: &[i64], main: usize, step: i64) -> Result<Vec<i64>> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum <= 0 || step <= 0 || main >= weights.len() || weights.iter().any(|weight| *weight < 0) {
        return Err(FigureError::NoWeights);
    }
    let (sum, wide_step) = (sum * i128::from(step), i128::from(step));
    let mut parts = Vec::with_capacity(weights.len());
    let mut left = total;
    for (index, weight) in weights.iter().enumerate() {
        if index == main {
            parts.push(0);
            continue;
        }
        let product = i128::from(total) * i128::from(*weight);
        let away = sum / 2 * product.signum();
        let part =
            i64::try_from((product + away) / sum * wide_step).map_err(|_| FigureError::Overflow("split"))?;
        left = left.checked_sub(part).ok_or(FigureError::Overflow("split"))?;
        parts.push(part);
    }
    parts[main] = left;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn transformer_loss_is_shared_as_published() {
        // 1220 kWh over 26560 (main), 268 and 990 kWh: 12 and 43, the main point takes 1165.
        let parts = split_with_remainder_to(1220, &[26_560, 268, 990], 0, 1).unwrap();
        assert_eq!(parts, [1165, 12, 43]);
    }

    proptest! {
        /// XC-17
        #[test]
        fn parts_sum_to_the_whole(total in any::<i64>(), weights in prop::collection::vec(0_i64..1_000_000_000, 1..20)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0) && total != i64::MIN);
            let parts = split_by_weight(total, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
            let parts = split_with_remainder_to(total / 4, &weights, 0, 1).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), total / 4);
        }
    }
}
