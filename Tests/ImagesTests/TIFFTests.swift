import Foundation
import Images
import Testing

/// TIFF files that tests write: one page, little-endian, all strips or tiles of the same data.
private struct TIFFFixture {
  var width: Int
  var height: Int
  var bits = 8
  var samples = 3
  /// None, or 8 for Deflate.
  var compression = 1
  /// The sides of a tile; nil: one strip.
  var tile: (width: Int, height: Int)?
  var bytes: Data

  var data: Data {
    let count = tile.map {
      ((width + $0.width - 1) / $0.width) * ((height + $0.height - 1) / $0.height)
    }
    let tags = count == nil ? 9 : 10
    let arrays = 8 + 2 + 12 * tags + 4
    let start = arrays + 8 * (count ?? 1)
    var entries = [
      (256, width), (257, height), (258, bits), (259, compression), (262, samples == 1 ? 1 : 2),
    ].map { ($0.0, 1, $0.1) }
    if let tile, let count {
      entries += [(277, 1, samples), (322, 1, tile.width), (323, 1, tile.height)]
      entries += [
        (324, count, count == 1 ? start : arrays),
        (325, count, count == 1 ? bytes.count : arrays + 4 * count),
      ]
    } else {
      entries += [(273, 1, start), (277, 1, samples), (278, 1, height), (279, 1, bytes.count)]
    }
    var file = Data("II*\0".utf8) + number(8) + number(tags).prefix(2)
    for (tag, count, value) in entries {
      file += number(tag).prefix(2) + [4, 0] + number(count) + number(value)
    }
    file += number(0)
    for value in [start, bytes.count] {
      for _ in 0..<(count ?? 1) { file += number(value) }
    }
    return file + bytes
  }

  private func number(_ value: Int) -> Data {
    Data((0..<4).map { UInt8(value >> (8 * $0) & 255) })
  }
}

@Suite("Strips and tiles of TIFF", .enabled(if: ImageFormat.tiff.isReadable))
struct TIFFTests {
  private func problem(_ fixture: TIFFFixture) -> ImageError.Problem? {
    do {
      _ = try ImageDecoder.header(fixture.data)
      return nil
    } catch {
      return error.problem
    }
  }

  @Test("tiles that no program writes are refused from the header")
  func largeTiles() {
    let bytes = Data(count: 1000)
    let problem = ImageError.Problem.damaged(.tiff, "tiles of an impossible size")
    for tile in [(16, 1 << 20), (1 << 20, 16), (8192, 16), (16, 8192)] {
      #expect(
        self.problem(TIFFFixture(width: 2048, height: 64, tile: tile, bytes: bytes)) == problem)
    }
  }

  @Test("strips and tiles that take more than 1 GiB are refused from the header")
  func largeStrips() {
    let problem = ImageError.Problem.damaged(.tiff, "strips or tiles of more than 1 GiB")
    // libtiff divides strips without compression.
    let fixture = TIFFFixture(
      width: 1 << 14, height: 1 << 14, bits: 16, samples: 16, compression: 8,
      bytes: Data(count: 1000))
    #expect(self.problem(fixture) == problem)
    var tiled = fixture
    tiled.tile = (16, 1 << 14)
    #expect(self.problem(tiled) == problem)
    var grey = fixture
    grey.samples = 1
    #expect(self.problem(grey) == nil)
  }

  @Test("tiles that are larger than the image", arguments: [(64, 48), (256, 256), (4096, 16)])
  func tiles(width: Int, height: Int) throws {
    let rows = (0..<height).flatMap { y in (0..<width).map { x in UInt8((x + 3 * y) & 255) } }
    let fixture = TIFFFixture(
      width: 61, height: 15, samples: 1, tile: (width, height), bytes: Data(rows))
    let image = try ImageDecoder.decode(fixture.data)
    for (x, y) in [(0, 0), (60, 0), (0, 14), (60, 14)] {
      #expect(image.pixels[(y * 61 + x) * 3] == UInt8((x + 3 * y) & 255))
    }
  }

  @Test("a list of pages that leads back to itself ends")
  func circle() throws {
    var data = try FormatFixtures.data("grey.tif")
    let first = data.number(at: 4)
    let next = first + 2 + 12 * data.number(at: first, bytes: 2)
    data.replaceSubrange(next..<(next + 4), with: data[4..<8])
    #expect(try ImageDecoder.header(data).frames == 1)
  }
}
