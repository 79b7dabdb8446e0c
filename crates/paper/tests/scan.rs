//! A printed code is read back by a camera's program.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use documents::page::{Block, Document, Paragraph, Scan};
use kernel::Lang;

fn scan(content: &str) -> Scan {
    Scan {
        content: content.into(),
        label: "账单验证码".into(),
        text: content.chars().take(60).collect(),
        note: "凭此码可索取存证文件".into(),
    }
}

fn output(command: &mut Command, package: &str) -> Vec<u8> {
    let output =
        command.output().unwrap_or_else(|error| panic!("{package} must be installed (./test does): {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The texts of all codes on the first page, at the resolution of an office printer.
fn read(folder: &Path, pdf: &[u8]) -> String {
    let (file, picture) = (folder.join("page.pdf"), folder.join("page"));
    std::fs::write(&file, pdf).unwrap();
    let page = ["-png", "-r", "200", "-f", "1", "-l", "1", "-singlefile"];
    output(Command::new("pdftoppm").args(page).arg(&file).arg(&picture), "poppler-utils");
    let found = output(
        Command::new("zbarimg")
            .args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"])
            .arg(picture.with_extension("png")),
        "zbar-tools",
    );
    String::from_utf8(found).unwrap().trim_end().to_owned()
}

/// XC-15: what stands in the code is what a camera reads off the page, short or long.
#[test]
fn a_printed_code_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let code = "ZF1-1-202601-1792083648001-0-MFRGGZDFMZTWQ2LKNNWG23TPOA";
    let address = format!("https://bill.example/p/{code}");
    let long = format!("https://bill.example/{}/{code}", "x".repeat(300));
    for content in [code, &address, &long] {
        let mut document = Document::new(Lang::Zh, "示范供电公司", "电费账单");
        document.push(Block::Paragraph(Paragraph { text: "本期应交 100.00 元".into(), quiet: false }));
        document.push(Block::Scan(scan(content)));
        let pdf = paper::pdf(&document).unwrap();
        assert_eq!(paper::pdf(&document).unwrap(), pdf, "same description, same bytes");
        assert_eq!(read(folder.path(), &pdf), content);
    }
}

#[test]
fn a_code_too_long_for_a_camera_is_refused() {
    let mut document = Document::new(Lang::Zh, "x", "y");
    document.push(Block::Scan(scan(&"x".repeat(501))));
    assert!(matches!(paper::pdf(&document), Err(paper::PaperError::LongCode { length: 501, .. })));
}
