import Foundation
import Images
import Testing

@Suite("EXIF orientation")
struct OrientationTests {
  @Test(
    "each orientation of a PNG, in either byte order, gives the upright pixels", arguments: 1...8)
  func upright(orientation: Int) throws {
    let data = try Fixtures.data("orientation-\(orientation).png")
    let header = try ImageDecoder.header(data)
    #expect(header.orientation == orientation)
    #expect(header.width == (orientation >= 5 ? 7 : 13))
    #expect(header.orientedSize == PixelSize(width: 13, height: 7))
    #expect(try ImageDecoder.decode(data) == Fixtures.expected("upright.png"))
  }

  @Test("a reduced JPEG is turned too")
  func reduced() throws {
    let data = try Fixtures.data("orientation-6.jpg")
    #expect(try ImageDecoder.header(data).orientedSize == PixelSize(width: 43, height: 61))
    let image = try ImageDecoder.decode(data, scale: .half)
    #expect(image.width == 22 && image.height == 31)
  }

  @Test("an invalid orientation is upright", arguments: [0, 9, 255])
  func invalid(orientation: UInt8) throws {
    var data = try Fixtures.data("orientation-6.jpg")
    let entry = try #require(data.firstRange(of: [0x12, 0x01, 3, 0, 1, 0, 0, 0, 6]))
    data[entry.upperBound - 1] = orientation
    #expect(try ImageDecoder.header(data).orientation == 1)
  }

  @Test(
    "photographs of each orientation look like the upright one",
    .enabled(if: Fixtures.hasPhotos("exif-orientation")), arguments: ["Landscape", "Portrait"])
  func photographs(kind: String) throws {
    let folder = Fixtures.photos.appending(path: "exif-orientation")
    let original = folder.appending(path: "\(kind)_0.jpg")
    let size = try ImageDecoder.header(contentsOf: original).orientedSize
    let landscape = PixelSize(width: 1800, height: 1200)
    #expect(size == (kind == "Landscape" ? landscape : landscape.transposed))
    let upright = try ImageDecoder.decode(contentsOf: original, scale: .eighth)
    for orientation in 1...8 {
      let file = folder.appending(path: "\(kind)_\(orientation).jpg")
      let header = try ImageDecoder.header(contentsOf: file)
      #expect(header.orientation == orientation)
      #expect(header.orientedSize == size)
      let image = try ImageDecoder.decode(contentsOf: file, scale: .eighth)
      // Each has its own number drawn over it, at the middle and the edges, so the whole images
      // have only 25 to 28 dB, in Pillow too. The tenth of the blocks that differ most contains
      // these numbers. Turned the wrong way, the rest would be below 15 dB.
      #expect(image.signalToNoise(against: upright, share: 0.9) > 30)
    }
  }
}
