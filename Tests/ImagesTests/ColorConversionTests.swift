import Foundation
import Images
import Testing

/// The pixels are compared in `FormatTests`.
@Suite("Colours are converted to sRGB", .enabled(if: ImageDecoder.convertsColors))
struct ColorConversionTests {
  @Test(
    "the header names the profile that is converted",
    arguments: [
      ("p3.png", "Display P3"), ("p3.webp", "Display P3"), ("p3.tif", "Display P3"),
      ("p3.heic", "Display P3"), ("p3.avif", "Display P3"), ("p3-alpha.png", "Display P3"),
      ("adobe.jpg", "Adobe RGB (1998)"), ("gamma-18.png", "Grey of gamma 1.8"),
      ("ink.tif", "Ink Test"), ("ink.jpg", "Ink Test"), ("coded.heic", "Display P3"),
    ].filter { FormatFixtures.all.contains($0.0) })
  func names(name: String, profile: String) throws {
    let header = try ImageDecoder.header(FormatFixtures.data(name))
    #expect(header.colorProfile == profile && header.convertsColors)
  }

  @Test("a profile that equals sRGB changes no pixel, and is not named")
  func srgb() throws {
    let data = try Fixtures.data("profile-srgb.jpg")
    let header = try ImageDecoder.header(data)
    #expect(header.colorProfile == nil && !header.convertsColors)
    let start = try #require(data.firstRange(of: [0xFF, 0xE2]))
    let length = Int(data[start.upperBound]) << 8 | Int(data[start.upperBound + 1])
    let plain = data[..<start.lowerBound] + data[(start.upperBound + length)...]
    #expect(try ImageDecoder.decode(data) == ImageDecoder.decode(Data(plain)))
  }

  @Test("a profile that lcms2 cannot read is named, and the image read as sRGB")
  func unreadable() throws {
    let header = try ImageDecoder.header(Fixtures.data("profile-wide.png"))
    #expect(header.colorProfile == "Wide Gamut Test" && !header.convertsColors)
  }

  @Test("a JPEG is converted at every scale", arguments: [DCTScale.half, .quarter])
  func reduced(scale: DCTScale) throws {
    let data = try FormatFixtures.data("adobe.jpg")
    let whole = try FormatFixtures.expected("adobe.jpg")
    let image = try ImageDecoder.decode(data, scale: scale)
    let middle = (image.height / 2 * image.width + image.width * 3 / 5) * 3
    let place = (whole.height / 2 * whole.width + whole.width * 3 / 5) * 3
    // Within the red disc. Adobe's red is far more than sRGB's.
    for channel in 0..<3 {
      #expect(abs(Int(image.pixels[middle + channel]) - Int(whole.pixels[place + channel])) <= 4)
    }
  }

  @Test("any byte of a profile may be wrong", arguments: ["adobe.jpg", "ink.jpg"])
  func damagedProfiles(name: String) throws {
    let data = try FormatFixtures.data(name)
    let mark = Data("ICC_PROFILE\0".utf8)
    let start = try #require(data.firstRange(of: mark)).upperBound + 2
    var unmarked = data
    unmarked[start - mark.count - 2] = UInt8(ascii: "_")
    let unconverted = try ImageDecoder.decode(unmarked)
    for index in stride(from: start, to: start + 400, by: 19) {
      for value: UInt8 in [0, 255] {
        var damaged = data
        damaged[index] = value
        let header = try ImageDecoder.header(damaged)
        #expect(header.colorProfile != nil)
        let image = try ImageDecoder.decode(damaged)
        #expect((image == unconverted) != header.convertsColors, "\(index - start): \(value)")
      }
    }
  }
}

@Suite("Colours that are named")
struct StatedColorTests {
  @Test(
    "a gamma other than sRGB's, and codes",
    arguments: [
      ("gAMA", [0, 1, 0x86, 0xA0], "a gamma of 1.0"), ("gAMA", [0, 0, 0xB1, 0x8F], nil),
      ("cICP", [1, 13, 0, 1], nil), ("cICP", [12, 13, 0, 1], "Display P3"),
      ("cICP", [9, 16, 0, 1], "BT.2020 with HDR (PQ)"),
    ] as [(String, [UInt8], String?)])
  func stated(chunk: String, bytes: [UInt8], expected: String?) throws {
    let data = try Fixtures.data("text.png").withChunks(.chunk(chunk, bytes))
    let header = try ImageDecoder.header(data)
    #expect(header.colorProfile == expected)
    #expect(header.convertsColors == (expected == "Display P3" && ImageDecoder.convertsColors))
    #expect(throws: Never.self) { try ImageDecoder.decode(data) }
  }

  /// White, red, green and blue.
  private static let srgb = [0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06]
  private static let adobe = [0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06]
  private static let displayP3 = [0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06]
  private static let gamma22 = Data.chunk("gAMA", [0, 0, 0xB1, 0x8F])

  @Test("other primaries in the cHRM of a PNG are converted, as a profile of them is")
  func chromaticities() throws {
    let plain = try PNGEncoder.encode(FormatFixtures.expected("lossless.webp"))
    let stated = [
      (Self.gamma22 + Data.chromaticities(Self.adobe), "adobe.png"),
      (Data.chromaticities(Self.displayP3), "p3.png"),
    ]
    for (chunks, profile) in stated {
      let data = plain.withChunks(chunks)
      let header = try ImageDecoder.header(data)
      #expect(header.colorProfile == "the primaries in its cHRM")
      #expect(header.convertsColors == ImageDecoder.convertsColors)
      guard header.convertsColors else { continue }
      let image = try ImageDecoder.decode(data)
      #expect(try image.greatestDifference(from: FormatFixtures.expected(profile)) <= 2)
    }
  }

  @Test("sRGB's primaries change nothing, nor do any beside the chunk sRGB or in grey")
  func otherChromaticities() throws {
    let plain = try Fixtures.data("text.png")
    let same = plain.withChunks(Self.gamma22, .chromaticities(Self.srgb))
    let stated = plain.withChunks(.chunk("sRGB", [0]), .chromaticities(Self.adobe))
    let grey = try Fixtures.data("grey-16-key.png").withChunks(.chromaticities(Self.adobe))
    for data in [same, stated, grey] {
      let header = try ImageDecoder.header(data)
      #expect(header.colorProfile == nil && !header.convertsColors)
    }
    #expect(try ImageDecoder.decode(same) == ImageDecoder.decode(plain))
  }

  @Test("the gamma beside other primaries is named")
  func gammaOfPrimaries() throws {
    let data = try Fixtures.data("text.png").withChunks(
      .chunk("gAMA", [0, 1, 0x86, 0xA0]), .chromaticities(Self.adobe))
    let name = try ImageDecoder.header(data).colorProfile
    #expect(name == "the primaries in its cHRM with a gamma of 1.0")
  }
}
