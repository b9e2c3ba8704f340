import Foundation
import Images
import Testing

@Suite("Colour profile and transparency in headers")
struct ColorProfileTests {
  @Test(
    "a profile has its description as name, sRGB has none, and a broken one is no error",
    arguments: [
      ("profile-wide.png", "Wide Gamut Test"), ("profile-wide.jpg", "Wide Gamut Test"),
      ("profile-srgb.jpg", nil), ("profile-broken.png", "unreadable"),
      ("profile-broken.jpg", "unreadable"), ("baseline-420.jpg", nil), ("rgba-gamma.png", nil),
    ])
  func profiles(name: String, expected: String?) throws {
    let data = try Fixtures.data(name)
    #expect(try ImageDecoder.header(data).colorProfile == expected)
    #expect(throws: Never.self) { try ImageDecoder.decode(data) }
  }

  /// The JPEG with another profile, in segments of `length` bytes.
  private func jpeg(profile: Data, length: Int = 65_519) throws -> Data {
    let data = try Fixtures.data("baseline-420.jpg")
    let starts = Array(stride(from: 0, to: profile.count, by: length))
    var segments = Data()
    for (index, start) in starts.enumerated() {
      let part = profile.dropFirst(start).prefix(length)
      let count = part.count + 16
      segments += [0xFF, 0xE2, UInt8(count >> 8), UInt8(count & 255)]
      segments += Data("ICC_PROFILE\0".utf8) + [UInt8(index + 1), UInt8(starts.count)] + part
    }
    return data.prefix(2) + segments + data.dropFirst(2)
  }

  private func wideProfile() throws -> Data {
    let data = try Fixtures.data("profile-wide.jpg")
    let start = try #require(data.firstRange(of: Data("ICC_PROFILE\0".utf8))).upperBound + 2
    return data[start...]
  }

  @Test("a profile in many segments, longer than the part of a file that is read first")
  func longProfile() throws {
    let data = try jpeg(profile: wideProfile().prefix(250) + Data(count: 300_000))
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "long.jpg")
      try data.write(to: file)
      #expect(try ImageDecoder.header(contentsOf: file).colorProfile == "Wide Gamut Test")
    }
  }

  @Test("a profile cut anywhere, or with any byte set to 255, is a name, sRGB or unreadable")
  func damagedProfiles() throws {
    let whole = Data(try wideProfile().prefix(250))
    for count in stride(from: 1, to: whole.count, by: 3) {
      let header = try ImageDecoder.header(jpeg(profile: whole.prefix(count), length: 100))
      #expect(["unreadable", "Wide Gamut Test"].contains(header.colorProfile))
    }
    for index in whole.indices {
      var damaged = whole
      damaged[index] = 255
      #expect(try ImageDecoder.header(jpeg(profile: damaged)).colorProfile != nil)
    }
  }

  @Test(
    "transparency: an alpha channel, a palette's, one colour, none",
    arguments: [
      ("rgba-gamma.png", true), ("palette-alpha.png", true), ("grey-16-key.png", true),
      ("text.png", false), ("grey.jpg", false),
    ])
  func transparency(name: String, expected: Bool) throws {
    #expect(try ImageDecoder.header(Fixtures.data(name)).hasAlpha == expected)
    let url = Fixtures.folder.appending(path: name)
    let (image, alpha) = try ImageDecoder.decodeWithAlpha(contentsOf: url)
    #expect(try image == ImageDecoder.decode(contentsOf: url))
    #expect((alpha != nil) == expected)
  }

  @Test("alpha has the file's values; transparent parts of a mask are black, the rest is luminance")
  func alphaAndMask() throws {
    let url = Fixtures.folder.appending(path: "rgba-gamma.png")
    let alpha = try #require(try ImageDecoder.decodeWithAlpha(contentsOf: url).alpha)
    // make.py writes 0 to 255 from left to right.
    let row = (0..<61).map { UInt8(255 * $0 / 60) }
    #expect(Array(alpha.pixels[..<61]) == row && Array(alpha.pixels[(42 * 61)...]) == row)
    let mask = try ImageDecoder.decodeMask(contentsOf: url)
    #expect(mask.pixels[0] == 0 && zip(mask.pixels, alpha.pixels).allSatisfy { $0 <= $1 })

    let grey = try ImageDecoder.decodeMask(contentsOf: Fixtures.folder.appending(path: "grey.jpg"))
    let expected = try Fixtures.expected("grey.jpg").pixels
    #expect(grey.pixels == stride(from: 0, to: expected.count, by: 3).map { expected[$0] })
  }
}
