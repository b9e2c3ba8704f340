/// A line of text on a sheet, in pieces of one colour each.
package struct SheetLine: Sendable {
  private static let font = BitmapFont.fixed7x13

  private let pieces: [(text: Substring, color: RGBColor)]

  package init(_ pieces: [(text: Substring, color: RGBColor)]) { self.pieces = pieces }

  package init(_ text: some StringProtocol, _ color: RGBColor = .black) {
    pieces = [(Substring(text), color)]
  }

  /// A text in lines of at most `width` pixels.
  package static func wrapped(
    _ text: String, width: Int, _ color: RGBColor = .black
  ) -> [SheetLine] {
    parts(of: text, width: width).map { SheetLine($0, color) }
  }

  /// A text in parts of at most `width` pixels.
  package static func parts(of text: String, width: Int) -> [Substring] {
    font.lines(of: text, columns: width / font.cell.width)
  }

  func write(left: Int, top: Int, on canvas: inout Canvas) {
    _ = pieces.reduce(left) { column, piece in
      canvas.write(piece.text, left: column, top: top, piece.color, font: Self.font)
    }
  }
}
