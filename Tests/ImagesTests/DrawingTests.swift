import Foundation
import Testing

@testable import Images

@Suite("Drawing and writing on a canvas")
struct DrawingTests {
  private let font = BitmapFont.fixed7x13
  private let black = RGBColor(red: 0, green: 0, blue: 0)
  private let red = RGBColor(red: 200, green: 0, blue: 0)

  @Test(
    "letters look as X11's 7x13 has them",
    arguments: [
      (
        "A",
        """
        .......
        .......
        ..##...
        .#..#..
        #....#.
        #....#.
        #....#.
        ######.
        #....#.
        #....#.
        #....#.
        .......
        .......
        """
      ),
      (
        "Ж",
        """
        .......
        .......
        .#.#.#.
        .#.#.#.
        .#.#.#.
        .#.#.#.
        ..###..
        .#.#.#.
        .#.#.#.
        .#.#.#.
        .#.#.#.
        .......
        .......
        """
      ),
      (
        "漢",
        """
        .......
        .......
        ######.
        #....#.
        #....#.
        #....#.
        #....#.
        #....#.
        #....#.
        #....#.
        ######.
        .......
        .......
        """
      ),
    ])
  func glyphs(text: String, drawing: String) {
    var canvas = Canvas(size: font.cell)
    canvas.write(text, left: 0, top: 0, black, font: font)
    #expect(characters(canvas) == drawing)
  }

  @Test("every printable ASCII character has its own shape")
  func ascii() {
    let shapes = (0x21...0x7E).map { font.rows(of: Character(Unicode.Scalar(UInt8($0)))) }
    #expect(Set(shapes).count == shapes.count)
    #expect(shapes.allSatisfy { $0.count == 13 && $0.contains { $0 != 0 } })
    #expect(!shapes.contains(font.rows(of: "漢")))
  }

  @Test("a decomposed letter, as in file names of macOS, is drawn composed; spaces are empty")
  func composition() {
    #expect(font.rows(of: "e\u{301}") == font.rows(of: "é"))
    #expect(font.rows(of: "é") != font.rows(of: "e"))
    #expect(font.rows(of: " ").allSatisfy { $0 == 0 })
    #expect(font.rows(of: "\u{A0}").allSatisfy { $0 == 0 })
  }

  @Test("characters are 7 pixels apart; the end is returned, and pixels outside are ignored")
  func advance() {
    var canvas = Canvas(size: PixelSize(width: 12, height: 13))
    #expect(canvas.write("I", left: 2, top: 0, black, font: font) == 9)
    canvas.write("IIIII", left: -3, top: -4, black, font: font)
    let before = canvas.image
    canvas.write("IIIII", left: 500, top: 500, black, font: font)
    canvas.write("IIIII", left: -500, top: -500, black, font: font)
    #expect(canvas.image == before)
    var alone = Canvas(size: PixelSize(width: 21, height: 13))
    alone.write("AA", left: 0, top: 0, black, font: font)
    let rows = characters(alone).split(separator: "\n")
    #expect(rows.allSatisfy { $0.prefix(7) == $0.dropFirst(7).prefix(7) })
    #expect(rows.allSatisfy { $0.dropFirst(14).allSatisfy { $0 == "." } })
  }

  @Test(
    "lines break between words, and within a word only if it is longer than a line",
    arguments: [
      ("a photo of sks dog", 10, ["a photo of", "sks dog"]),
      ("a photo of sks dog", 9, ["a photo", "of sks", "dog"]),
      ("abcdefgh ij", 3, ["abc", "def", "gh", "ij"]),
      ("one\ntwo", 10, ["one", "two"]),
      ("", 10, [""]),
      ("word", 0, ["w", "o", "r", "d"]),
      ("ends at   ", 7, ["ends at", ""]),
    ])
  func wrapping(text: String, columns: Int, expected: [String]) {
    #expect(font.lines(of: text, columns: columns).map(String.init) == expected)
  }

  @Test("fill, outline and paste change exactly their pixels, and are cut at the edges")
  func rectangles() throws {
    var canvas = Canvas(size: PixelSize(width: 6, height: 4))
    canvas.outline(PixelRect(left: 1, top: 0, width: 4, height: 4), black)
    #expect(characters(canvas) == ".####.\n.#..#.\n.#..#.\n.####.")
    canvas = Canvas(size: PixelSize(width: 4, height: 3))
    canvas.fill(PixelRect(left: 2, top: -5, width: 50, height: 7), black)
    #expect(characters(canvas) == "..##\n..##\n....")
    let dots = try RGBImage(width: 2, height: 2, pixels: Array(repeating: 0, count: 12))
    canvas.paste(dots, left: -1, top: 2)
    #expect(characters(canvas) == "..##\n..##\n#...")
    canvas.paste(dots, left: 40, top: -40)
    #expect(characters(canvas) == "..##\n..##\n#...")
  }

  @Test("an opacity of 0.5 mixes half and half; a canvas has at least one pixel")
  func opacity() {
    var canvas = Canvas(size: PixelSize(width: 0, height: -3))
    #expect(canvas.size == PixelSize(width: 1, height: 1))
    canvas.fill(PixelRect(left: 0, top: 0, width: 1, height: 1), red, opacity: 0.5)
    #expect(canvas.image.pixels == [228, 128, 128])
  }

  /// The canvas with `#` for every pixel that is darker than white.
  private func characters(_ canvas: Canvas) -> String {
    let image = canvas.image
    return (0..<image.height).map { y in
      String((0..<image.width).map { image.pixels[(y * image.width + $0) * 3] < 255 ? "#" : "." })
    }.joined(separator: "\n")
  }
}
