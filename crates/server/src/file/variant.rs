//! Forms of a picture: made when they are first asked for, kept as blobs.

use std::fmt;
use std::io::{BufRead, Cursor, Seek};
use std::str::FromStr;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};

/// Edge of every form, in pixels (rest.md §1.11).
const EDGE: u32 = 250;
/// The most pixels of a picture that forms are made of.
const MOST_PIXELS: i64 = 50_000_000;
/// The most memory that decoding may take, in bytes.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// Quality of pictures without transparency, of 100.
const QUALITY: u8 = 85;

/// A form of a picture. The list is closed: nobody can have others made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Exactly 250 by 250 pixels, cut to fit: pictures of people, bots and inboxes.
    Avatar,
    /// At most 250 by 250 pixels, whole: previews of attachments.
    Preview,
}

impl Variant {
    /// Its name in addresses and blobs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::Preview => "preview",
        }
    }
}

impl FromStr for Variant {
    type Err = types::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Avatar, Self::Preview].into_iter().find(|variant| variant.as_str() == text).ok_or(types::UnknownName)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether forms of a file can be made: a picture of a kind that we decode, of a known and reasonable size.
pub fn can_be_made(content_type: &str, width: Option<i64>, height: Option<i64>) -> bool {
    let pixels = width.zip(height).map(|(width, height)| width.saturating_mul(height));
    format(content_type).is_some() && pixels.is_some_and(|pixels| (1..=MOST_PIXELS).contains(&pixels))
}

/// Makes the form of a picture; takes long, and as much memory as [`MOST_MEMORY`]. Gives a JPEG, or a PNG where
/// there is transparency.
pub fn make(picture: impl BufRead + Seek, content_type: &str, variant: Variant) -> ImageResult<Vec<u8>> {
    let format = format(content_type).unwrap_or(ImageFormat::Png);
    let mut reader = ImageReader::with_format(picture, format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture = match variant {
        Variant::Avatar => picture.resize_to_fill(EDGE, EDGE, FilterType::Triangle),
        Variant::Preview if picture.width() <= EDGE && picture.height() <= EDGE => picture,
        Variant::Preview => picture.thumbnail(EDGE, EDGE),
    };
    picture.apply_orientation(orientation);
    let mut bytes = Vec::new();
    if picture.color().has_alpha() {
        picture.to_rgba8().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
    } else {
        picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?;
    }
    Ok(bytes)
}

/// The type of what [`make`] gave.
pub fn content_type(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" }
}

fn format(content_type: &str) -> Option<ImageFormat> {
    Some(match content_type {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/png" => ImageFormat::Png,
        "image/gif" => ImageFormat::Gif,
        "image/webp" => ImageFormat::WebP,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, RgbaImage};

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture =
            RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0; 3]) });
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    fn size(bytes: &[u8]) -> (u32, u32) {
        let picture = image::load_from_memory(bytes).unwrap();
        (picture.width(), picture.height())
    }

    #[test]
    fn avatars_are_square_and_previews_keep_their_shape() {
        for (width, height, preview) in [(1000, 500, (250, 125)), (10, 20, (10, 20)), (250, 250, (250, 250))] {
            let picture = png(width, height);
            let of = |variant| make(Cursor::new(&picture), "image/png", variant).unwrap();
            assert_eq!(size(&of(Variant::Avatar)), (250, 250));
            assert_eq!(size(&of(Variant::Preview)), preview);
            assert_eq!(content_type(&of(Variant::Preview)), "image/jpeg");
        }
    }

    #[test]
    fn transparency_is_kept() {
        let mut bytes = Vec::new();
        RgbaImage::new(300, 300).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        let preview = make(Cursor::new(&bytes), "image/png", Variant::Preview).unwrap();
        assert_eq!(content_type(&preview), "image/png");
        assert_eq!(image::load_from_memory(&preview).unwrap().to_rgba8().get_pixel(0, 0)[3], 0);
    }

    #[test]
    fn what_is_too_large_or_broken_is_refused_before_it_takes_memory() {
        assert!(!can_be_made("image/png", Some(100_000), Some(100_000)));
        assert!(!can_be_made("image/png", Some(i64::MAX), Some(i64::MAX)));
        assert!(!can_be_made("image/png", Some(0), Some(10)) && !can_be_made("image/bmp", Some(1), Some(1)));
        let mut bomb = png(10, 10);
        // The header says 60,000 by 60,000.
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(make(Cursor::new(&bomb), "image/png", Variant::Preview).is_err());
        let whole = png(100, 100);
        assert!(make(Cursor::new(&whole[..whole.len() / 2]), "image/png", Variant::Preview).is_err());
    }
}
