import Foundation
import Images
import Testing

/// For every JPEG here libjpeg's own `djpeg` gives the same bits as Pillow; `make.py` checks this.
@Suite("Decoding equals Pillow's and djpeg's")
struct DecodingTests {
  @Test("every kind of JPEG, within 2 of 255", arguments: Fixtures.jpegs)
  func jpeg(name: String) throws {
    let image = try ImageDecoder.decode(try Fixtures.data(name))
    #expect(image.greatestDifference(from: try Fixtures.expected(name)) <= 2)
  }

  @Test("12 megapixels, within 2 of 255 of djpeg, at every 37th pixel")
  func camera() throws {
    let image = try ImageDecoder.decode(try Fixtures.data("camera.jpg"))
    #expect(image.width == 4000 && image.height == 3000)
    var samples: [UInt8] = []
    for y in stride(from: 0, to: 3000, by: 37) {
      for x in stride(from: 0, to: 4000, by: 37) {
        let start = (y * 4000 + x) * 3
        samples += image.pixels[start..<(start + 3)]
      }
    }
    let found = try RGBImage(width: 109, height: 82, pixels: samples)
    #expect(found.greatestDifference(from: try Fixtures.expected("camera.jpg")) <= 2)
  }

  @Test("a JPEG reduced within the cosine transform, odd sides rounded up", arguments: [2, 4, 8])
  func reducedJPEG(denominator: Int) throws {
    let scale = try #require(DCTScale(rawValue: denominator))
    let image = try ImageDecoder.decode(try Fixtures.data("baseline-420.jpg"), scale: scale)
    let expected = try Fixtures.expected("baseline-420-scale-\(denominator).png")
    #expect(image.width == (61 + denominator - 1) / denominator)
    #expect(image.greatestDifference(from: expected) <= 2)
  }

  @Test(
    "transparency over white: alpha, palette, one colour of 16 bits; gamma is ignored",
    arguments: ["rgba-gamma.png", "palette-alpha.png", "grey-16-key.png", "rgb-16-key.png"])
  func png(name: String) throws {
    #expect(try ImageDecoder.decode(try Fixtures.data(name)) == Fixtures.expected(name))
  }

  @Test("a PNG is decoded whole at any scale")
  func scaleOfPNG() throws {
    let data = try Fixtures.data("rgba-gamma.png")
    #expect(try ImageDecoder.decode(data, scale: .eighth) == ImageDecoder.decode(data))
  }

  @Test("all of PngSuite, exactly", .enabled(if: Fixtures.hasPhotos("pngsuite")))
  func pngSuite() throws {
    let files = try Fixtures.files(in: Fixtures.photos.appending(path: "pngsuite"), ofType: "png")
    let sheet = try Fixtures.expected("pngsuite.png")
    #expect(files.count == 51)
    let size = 32 * 32 * 3
    for (index, file) in files.enumerated() {
      let image = try ImageDecoder.decode(contentsOf: file)
      let expected = sheet.pixels[index * size..<(index + 1) * size]
      #expect(image.width == 32 && image.pixels == Array(expected), "\(file.lastPathComponent)")
    }
  }

  @Test("the content decides the format, not the extension")
  func contentDecides() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "really-a-jpeg.png")
      let data = try Fixtures.data("grey.jpg")
      try data.write(to: file)
      #expect(try ImageDecoder.header(contentsOf: file).format == .jpeg)
      #expect(try ImageDecoder.decode(contentsOf: file) == ImageDecoder.decode(data))
    }
  }

  @Test("data that is a slice of other data")
  func slice() throws {
    let data = try Fixtures.data("grey.jpg")
    let padded = Data([1, 2, 3]) + data
    #expect(try ImageDecoder.decode(padded.dropFirst(3)) == ImageDecoder.decode(data))
  }
}
