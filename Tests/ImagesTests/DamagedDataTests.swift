import Foundation
import Images
import Testing

@Suite("Damaged data gives an error or an image, never a crash")
struct DamagedDataTests {
  static let files = Fixtures.jpegs + Fixtures.pngs

  @Test("cut at every twentieth of its length, a file is truncated", arguments: files)
  func truncated(name: String) throws {
    let data = try Fixtures.data(name)
    let format: ImageFormat = name.hasSuffix("png") ? .png : .jpeg
    for twentieth in 1..<20 {
      #expect(throws: ImageError(file: name, problem: .truncated(format))) {
        try ImageDecoder.decode(data.prefix(data.count * twentieth / 20), name: name)
      }
    }
    #expect(throws: ImageError(file: name, problem: .truncated(format))) {
      try ImageDecoder.decode(data.dropLast(), name: name)
    }
    #expect(throws: ImageError(file: name, problem: .truncated(format))) {
      try ImageDecoder.header(data.prefix(2), name: name)
    }
  }

  @Test("PngSuite cut short", .enabled(if: Fixtures.hasPhotos("pngsuite")))
  func truncatedPngSuite() throws {
    let folder = Fixtures.photos.appending(path: "pngsuite")
    for file in try Fixtures.files(in: folder, ofType: "png") {
      let data = try Data(contentsOf: file)
      for twentieth in 1..<20 {
        #expect(throws: ImageError(file: nil, problem: .truncated(.png))) {
          try ImageDecoder.decode(data.prefix(data.count * twentieth / 20))
        }
      }
    }
  }

  @Test("a JPEG with compressed data missing in the middle is damaged, not grey")
  func missingMiddle() throws {
    let data = try Fixtures.data("baseline-444.jpg")
    let cut = data.prefix(data.count * 3 / 4) + Data([0xFF, 0xD9])
    #expect {
      try ImageDecoder.decode(cut)
    } throws: { error in
      guard case .damaged(.jpeg, let reason) = (error as? ImageError)?.problem else { return false }
      return reason.contains("premature end")
    }
  }

  @Test(
    "bits flipped at random: the size of the header or an error of one sentence", arguments: files)
  func flippedBits(name: String) throws {
    let original = try Fixtures.data(name)
    let limits = ImageLimits(pixels: 1 << 18)
    var random = SplitMix(state: UInt64(original.count))
    var failures = 0
    for _ in 0..<60 {
      var data = original
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        data[Int.random(in: 0..<data.count, using: &random)] ^=
          1 << UInt8.random(in: 0..<8, using: &random)
      }
      do {
        let image = try ImageDecoder.decode(data, limits: limits)
        let size = PixelSize(width: image.width, height: image.height)
        #expect(try ImageDecoder.header(data).orientedSize == size)
      } catch {
        failures += 1
        #expect(error.description.hasPrefix("The image data ") && error.description.hasSuffix("."))
      }
    }
    // Every chunk of a PNG has a checksum. A JPEG shows damage only if its structure breaks.
    #expect(name.hasSuffix("png") ? failures == 60 : failures > 5)
  }

  @Test("a JPEG that repeats one scan a thousand times is refused")
  func scanBomb() throws {
    let data = try Fixtures.data("progressive-420.jpg")
    let start = try #require(data.firstRange(of: [0xFF, 0xDA])).lowerBound
    let rest = data[(start + 2)...]
    let end = try #require(rest.firstRange(of: [0xFF, 0xC4])).lowerBound
    let scans = Data(repeatElement(data[start..<end], count: 1000).joined())
    let problem = ImageError.Problem.damaged(.jpeg, "more scans than any encoder writes")
    #expect(throws: ImageError(file: nil, problem: problem)) {
      try ImageDecoder.decode(data[..<start] + scans + data[end...])
    }
  }

  @Test("a file that claims absurd dimensions is refused from its header")
  func absurd() throws {
    let limits = ImageLimits()
    let png = ImageError.Problem.tooLarge(width: 100_000, height: 100_000, limits: limits)
    #expect(throws: ImageError(file: "absurd.png", problem: png)) {
      try ImageDecoder.decode(try Fixtures.data("absurd.png"), name: "absurd.png")
    }
    let jpeg = ImageError.Problem.tooLarge(width: 65_500, height: 65_500, limits: limits)
    #expect(throws: ImageError(file: nil, problem: jpeg)) {
      try ImageDecoder.header(try Fixtures.data("absurd.jpg"))
    }
  }

  @Test("a JPEG with the largest sides that a header can have is refused")
  func largest() throws {
    var data = try Fixtures.data("absurd.jpg")
    let sides = try #require(data.firstRange(of: [0xFF, 0xDC, 0xFF, 0xDC]))
    data.replaceSubrange(sides, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect {
      try ImageDecoder.decode(data)
    } throws: { error in
      guard case .damaged(.jpeg, let reason) = (error as? ImageError)?.problem else { return false }
      return reason.contains("65500")
    }
  }

  @Test("limits are exact")
  func limits() throws {
    let data = try Fixtures.data("grey.jpg")
    let pixels = 61 * 43
    #expect(throws: Never.self) {
      try ImageDecoder.decode(data, limits: ImageLimits(side: 61, pixels: pixels))
    }
    for limits in [ImageLimits(side: 60), ImageLimits(pixels: pixels - 1)] {
      let problem = ImageError.Problem.tooLarge(width: 61, height: 43, limits: limits)
      #expect(throws: ImageError(file: nil, problem: problem)) {
        try ImageDecoder.decode(data, limits: limits)
      }
    }
  }
}
