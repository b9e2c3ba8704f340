import Foundation

@testable import Images

extension FuzzTarget {
  /// A target for each image format of this build.
  static let images = ImageFormat.readable.map { format in
    FuzzTarget(
      format.rawValue.lowercased(),
      seeds: {
        ["", "/formats"].flatMap {
          files(in: "Tests/ImagesTests/Fixtures\($0)", endings: Set(format.extensions))
        }
      },
      read: { bytes in
        try allowingRefusal { try decode(bytes) }
        guard format == .png else { return }
        let whole = PNGChunks.withChecksums(bytes)
        try allowingRefusal { try decode(whole) }
        _ = try PNGText.read(whole)
      })
  }

  /// Small limits, so that no time goes into filling memory. Photographs are larger, but not different.
  private static let limits = ImageLimits(side: 2048, pixels: 1 << 16, fileBytes: 1 << 20)

  private static func decode(_ bytes: Data) throws {
    _ = try ImageDecoder.decode(bytes, name: "image", limits: limits)
    _ = try ImageDecoder.decode(bytes, name: "image", scale: .quarter, limits: limits)
  }
}

/// The chunks of a PNG (PNG specification, section 5).
private enum PNGChunks {
  /// The bytes with the right checksum in each chunk. Random changes hardly ever give one.
  static func withChecksums(_ bytes: Data) -> Data {
    var png = Array(bytes)
    var start = 8
    while start + 12 <= png.count {
      let length = png[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard length <= png.count - start - 12 else { break }
      let end = start + 8 + length
      let sum = checksum(png[(start + 4)..<end])
      for byte in 0..<4 { png[end + byte] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * byte)) }
      start = end + 4
    }
    return Data(png)
  }

  /// CRC-32 (PNG specification, annex D).
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
  }
}
