import Foundation

/// A font whose characters are bitmaps of one size.
public struct BitmapFont: Sendable {
  /// Size of every character in pixels, including the space to its neighbours.
  public let cell: PixelSize
  /// The rows of each character from top to bottom, the highest bit at the left.
  private let glyphs: [Unicode.Scalar: [UInt8]]

  /// The 7 x 13 font of the X Window System, which is in the public domain: Latin, Greek and
  /// Cyrillic letters, punctuation, currencies and arrows.
  public static let fixed7x13 = BitmapFont(
    cell: PixelSize(width: 7, height: 13), hex: PackageResources.fixed_7x13_hex)

  /// Reads lines of `code point:rows` in hexadecimal digits, two for each row; `#` starts a
  /// comment.
  init(cell: PixelSize, hex: [UInt8]) {
    self.cell = cell
    var glyphs: [Unicode.Scalar: [UInt8]] = [:]
    for line in String(decoding: hex, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":")
      guard !line.hasPrefix("#"), parts.count == 2, let code = UInt32(parts[0], radix: 16),
        let scalar = Unicode.Scalar(code)
      else { continue }
      let digits = parts[1].utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
      glyphs[scalar] = stride(from: 0, to: digits.count - 1, by: 2).map {
        UInt8(digits[$0] << 4 | digits[$0 + 1])
      }
    }
    self.glyphs = glyphs
  }

  /// The rows of a character; a box for a character that the font does not have.
  func rows(of character: Character) -> [UInt8] {
    if character.isWhitespace { return [] }
    let composed = String(character).precomposedStringWithCanonicalMapping.unicodeScalars
    return composed.count == 1 ? composed.first.flatMap { glyphs[$0] } ?? box : box
  }

  /// Breaks a text into lines of at most `columns` characters, between words where possible.
  public func lines(of text: String, columns: Int) -> [Substring] {
    let columns = max(1, columns)
    var lines: [Substring] = []
    for paragraph in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      var rest = paragraph
      while let end = rest.index(rest.startIndex, offsetBy: columns, limitedBy: rest.endIndex),
        end < rest.endIndex
      {
        // A word may end right at the edge.
        let space = rest[...end].lastIndex { $0.isWhitespace }
        let line = space.flatMap { $0 > rest.startIndex ? rest[..<$0] : nil } ?? rest[..<end]
        lines.append(line)
        rest = rest[line.endIndex...].drop { $0.isWhitespace }
      }
      lines.append(rest)
    }
    return lines
  }

  private var box: [UInt8] {
    let side: UInt8 = 0b1000_0000 | 1 << (9 - cell.width)
    let edge = UInt8(truncatingIfNeeded: 0xFF << (9 - cell.width))
    return (0..<cell.height).map { row in
      switch row {
      case 2, cell.height - 3: edge
      case 3..<cell.height - 3: side
      default: 0
      }
    }
  }
}

extension Canvas {
  /// Writes one line of text with its upper left corner at (`left`, `top`). Returns the column of
  /// pixels after the last character.
  @discardableResult
  public mutating func write(
    _ text: some StringProtocol, left: Int, top: Int, _ color: RGBColor, font: BitmapFont
  ) -> Int {
    var left = left
    for character in text {
      guard left < size.width else { break }
      for (y, row) in font.rows(of: character).enumerated() where row != 0 {
        for x in 0..<font.cell.width where row & 0x80 >> UInt8(x) != 0 {
          blend(color, 1, x: left + x, y: top + y)
        }
      }
      left += font.cell.width
    }
    return left
  }
}
