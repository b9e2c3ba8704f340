import Foundation
import Images
import Testing

@Suite("PNG writing and text")
struct PNGEncoderTests {
  @Test("decoding gives the encoded pixels")
  func pixels() throws {
    let pixels = (0..<17 * 5 * 3).map { UInt8(truncatingIfNeeded: $0 * $0) }
    let image = try RGBImage(width: 17, height: 5, pixels: pixels)
    #expect(try ImageDecoder.decode(try PNGEncoder.encode(image)) == image)
  }

  @Test("text is read in its order: ASCII, other scripts, several lines, empty")
  func text() throws {
    let image = try Fixtures.expected("upright.png")
    let written = [
      ("prompt", "a photo of a 猫 \u{1F431}"), ("parameters", "steps: 30\nseed: 7"), ("empty", ""),
      ("long", String(repeating: "é", count: 100_000)),
    ]
    let read = try PNGText.read(try PNGEncoder.encode(image, text: written))
    #expect(read.map(\.key) == written.map(\.0))
    #expect(read.map(\.value) == written.map(\.1))
  }

  @Test("ASCII goes into tEXt, other text into iTXt")
  func chunkKinds() throws {
    let image = try Fixtures.expected("upright.png")
    let ascii = try PNGEncoder.encode(image, text: [("key", "plain")])
    #expect(ascii.firstRange(of: Data("tEXtkey\0plain".utf8)) != nil)
    let accented = try PNGEncoder.encode(image, text: [("key", "é")])
    #expect(accented.firstRange(of: Data("iTXtkey\0\0\0\0\0é".utf8)) != nil)
  }

  @Test("Latin-1, compressed and international text that Pillow wrote")
  func pillowText() throws {
    let texts = try PNGText.read(try Fixtures.data("text.png"))
    #expect(texts.map(\.key) == ["Title", "parameters", "prompt", "negative"])
    #expect(
      texts.map(\.value) == [
        "Café", String(repeating: "steps: 30\nseed: 7 ", count: 9), "猫 \u{1F431} café",
        String(repeating: "犬 ", count: 30),
      ])
  }

  @Test("reading text from a JPEG or a truncated PNG is an error")
  func noText() throws {
    let error = PNGTextError.otherFormat(file: "a.png", .jpeg)
    #expect(throws: error) { try PNGText.read(try Fixtures.data("grey.jpg"), name: "a.png") }
    #expect(
      error.description
        == "a.png is an image in JPEG, and only a PNG contains texts; give the PNG that was drawn.")
    #expect(throws: ImageError(file: nil, problem: .truncated(.png))) {
      try PNGText.read(try Fixtures.data("text.png").dropLast(1))
    }
  }

  @Test(
    "keys that PNG does not allow are errors",
    arguments: ["", " a", "a ", "a  b", "é", "a\nb", String(repeating: "k", count: 80)])
  func invalidKeys(key: String) throws {
    let image = try Fixtures.expected("upright.png")
    #expect(throws: PNGEncodingError.invalidKey(key)) {
      try PNGEncoder.encode(image, text: [(key, "value")])
    }
  }

  @Test("a value with NUL is refused, not cut")
  func nulInValue() throws {
    let image = try Fixtures.expected("upright.png")
    #expect(throws: PNGEncodingError.nulInValue(key: "key")) {
      try PNGEncoder.encode(image, text: [("key", "a\0b")])
    }
  }
}
