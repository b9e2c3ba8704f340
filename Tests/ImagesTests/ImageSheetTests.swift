import Images
import Testing

@Suite("Images in rows and columns with texts around them")
struct ImageSheetTests {
  private func plain(_ value: UInt8, width: Int, height: Int) throws -> RGBImage {
    try RGBImage(
      width: width, height: height, pixels: [UInt8](repeating: value, count: width * height * 3))
  }

  /// The red of a pixel.
  private func red(_ image: RGBImage, x: Int, y: Int) -> UInt8 {
    image.pixels[(y * image.width + x) * 3]
  }

  @Test("texts above, beside and below have their space, and images are aligned at the top")
  func places() throws {
    let layout = ImageSheet.Layout(tileWidth: 20, labelWidth: 50, gap: 10, lineHeight: 15)
    let sheet = ImageSheet(
      layout, head: [SheetLine("head")], columns: [[SheetLine("a"), SheetLine("b")], []],
      rows: [
        ImageSheet.Row(
          label: [SheetLine("row")],
          [ImageSheet.Cell(try plain(1, width: 20, height: 30)), ImageSheet.Cell(nil)]),
        ImageSheet.Row([
          ImageSheet.Cell(nil), ImageSheet.Cell(try plain(2, width: 20, height: 5)),
          ImageSheet.Cell(try plain(3, width: 20, height: 8)),
        ]),
      ]
    ).image()
    // Label, and three columns with gaps; head, two lines above the columns, rows of 30 and 8.
    #expect(sheet.width == 10 + 50 + 3 * (10 + 20) + 10)
    let top = 10 + 15 + 10 + 30 + 10
    #expect(sheet.height == top + 30 + 10 + 8 + 10)
    #expect(red(sheet, x: 70, y: top) == 1 && red(sheet, x: 69, y: top) == 255)
    #expect(red(sheet, x: 100, y: top + 40) == 2 && red(sheet, x: 130, y: top + 40) == 3)
    #expect(red(sheet, x: 100, y: top + 45) == 255)
  }

  @Test("images with lines below them are aligned at the bottom")
  func standing() throws {
    let sheet = ImageSheet(
      ImageSheet.Layout(tileWidth: 20, gap: 4, margin: 0, lineHeight: 15),
      rows: [
        ImageSheet.Row([
          ImageSheet.Cell(try plain(1, width: 20, height: 9), lines: [SheetLine("")]),
          ImageSheet.Cell(try plain(2, width: 20, height: 6), lines: [SheetLine("")]),
        ])
      ]
    ).image()
    #expect((sheet.width, sheet.height) == (44, 9 + 15 + 15))
    #expect(red(sheet, x: 0, y: 0) == 1 && red(sheet, x: 24, y: 2) == 255)
    #expect(red(sheet, x: 24, y: 3) == 2 && red(sheet, x: 24, y: 8) == 2)
  }
}
