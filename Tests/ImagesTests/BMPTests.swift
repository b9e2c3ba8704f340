import Foundation
import Images
import Testing

/// BMP files that tests write.
enum BMPFixture {
  /// A square of 24 bits with BITMAPV5HEADER, and its profile behind the pixels.
  static func v5(pixels: Data, profile: Data) -> Data {
    let side = Int(Double(pixels.count / 3).squareRoot())
    let size = 124
    var info = numbers(size, side, side) + [1, 0, 24, 0] + Data(count: size - 16)
    info.replaceSubrange(56..<60, with: Data("DEBM".utf8))
    info.replaceSubrange(112..<120, with: numbers(size + pixels.count, profile.count))
    let start = 14 + size
    let head = Data("BM".utf8) + numbers(start + pixels.count + profile.count, 0, start)
    return head + info + pixels + profile
  }

  private static func numbers(_ values: Int...) -> Data {
    Data(values.flatMap { value in (0..<4).map { UInt8(value >> (8 * $0) & 255) } })
  }
}

@Suite("BMP")
struct BMPTests {
  private func problem(_ data: Data) -> ImageError.Problem? {
    do {
      _ = try ImageDecoder.header(data)
      return nil
    } catch {
      return error.problem
    }
  }

  @Test(
    "pixels that begin in the header, the masks or the palette are refused",
    arguments: [
      ("rgb.bmp", 0), ("rgb.bmp", 53), ("565.bmp", 54), ("alpha.bmp", 100), ("grey.bmp", 0),
      ("grey.bmp", 54), ("grey.bmp", 54 + 4 * 255), ("rle8.bmp", 60),
    ])
  func misplacedPixels(name: String, offset: Int) throws {
    var data = try FormatFixtures.data(name)
    data[10] = UInt8(offset & 255)
    data[11] = UInt8(offset >> 8)
    #expect(problem(data) == .damaged(.bmp, "pixels that begin in the header"))
  }

  @Test("OS/2's header with fewer colours than bits allow")
  func shortPalette() throws {
    let head: [UInt8] = [0x42, 0x4D, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0]
    let info: [UInt8] = [12, 0, 0, 0, 2, 0, 1, 0, 1, 0, 8, 0]
    let palette: [UInt8] = [10, 20, 30, 40, 50, 60]
    let image = try ImageDecoder.decode(Data(head + info + palette + [1, 0, 0, 0]))
    #expect(image.pixels == [60, 50, 40, 30, 20, 10])
  }

  @Test(
    "run lengths without an end, or with that of a row only", arguments: ["rle8.bmp", "rle4.bmp"])
  func runsWithoutEnd(name: String) throws {
    let data = try FormatFixtures.data(name)
    let whole = try ImageDecoder.decode(data)
    #expect(try ImageDecoder.decode(data.dropLast(2)) == whole)
    #expect(try ImageDecoder.decode(data.dropLast(2) + [0, 0]) == whole)
    #expect(throws: ImageError(file: nil, problem: .truncated(.bmp))) {
      try ImageDecoder.decode(data.dropLast(4))
    }
  }
}
