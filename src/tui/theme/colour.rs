//! Colours as terminals know them.

use ratatui::style::Color;

/// The steps of the colour cube, 16 to 231.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colour for a terminal that has 256 of them. The first sixteen are left out: people paint them over.
pub fn indexed(color: Color) -> Color {
    let Color::Rgb(red, green, blue) = color else { return color };
    let apart = |index: &u8| {
        let (r, g, b) = rgb_of(*index);
        let square = |one: u8, other: u8| (i32::from(one) - i32::from(other)).pow(2);
        // Eyes tell greens apart best.
        3 * square(r, red) + 6 * square(g, green) + square(b, blue)
    };
    Color::Indexed((16..=255).min_by_key(apart).unwrap_or(231))
}

/// What lies behind one of the 256, the first sixteen as xterm has them.
fn rgb_of(index: u8) -> (u8, u8, u8) {
    const FIRST: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    match index {
        0..=15 => FIRST[usize::from(index)],
        16..=231 => {
            let n = usize::from(index - 16);
            (STEPS[n / 36], STEPS[n / 6 % 6], STEPS[n % 6])
        }
        _ => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

/// How light it is, from 0 to 1, as WCAG 2 reckons.
pub fn luminance(red: f64, green: f64, blue: f64) -> f64 {
    let linear = |part: f64| if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
pub fn contrast(one: Color, other: Color) -> f64 {
    let light = |color: Color| {
        let (r, g, b) = match color {
            Color::Rgb(r, g, b) => (r, g, b),
            Color::Indexed(index) => rgb_of(index),
            Color::Black => rgb_of(0),
            Color::Green => rgb_of(2),
            Color::Yellow => rgb_of(3),
            Color::Blue => rgb_of(4),
            Color::Cyan => rgb_of(6),
            other => panic!("{other:?} is not among the colours of a theme"),
        };
        luminance(f64::from(r) / 255.0, f64::from(g) / 255.0, f64::from(b) / 255.0)
    };
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_true_colour_becomes_its_nearest_neighbour() {
        assert_eq!(indexed(Color::Rgb(255, 255, 255)), Color::Indexed(231));
        assert_eq!(indexed(Color::Rgb(0, 0, 0)), Color::Indexed(16));
        assert_eq!(indexed(Color::Rgb(95, 135, 175)), Color::Indexed(67));
        assert_eq!(indexed(Color::Rgb(0x44, 0x44, 0x44)), Color::Indexed(238));
        assert_eq!(indexed(Color::Red), Color::Red);
        assert_eq!(indexed(Color::Indexed(9)), Color::Indexed(9));
    }

    #[test]
    fn contrast_is_reckoned_as_wcag_does() {
        assert!((contrast(Color::Indexed(231), Color::Indexed(16)) - 21.0).abs() < 1e-9);
        // 0x767676 on white is the well-known 4.5.
        assert!((contrast(Color::Indexed(243), Color::Indexed(231)) - 4.54).abs() < 0.01);
    }
}
