import Foundation

/// Chunks of PNG files, made and moved by tests.
extension Data {
  /// A chunk with its checksum (PNG specification, section 5.3).
  static func chunk(_ kind: String, _ bytes: some Sequence<UInt8>) -> Data {
    let body = Data(kind.utf8) + bytes
    var crc: UInt32 = ~0
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return number(UInt32(body.count - 4)) + body + number(~crc)
  }

  /// The PNG with chunks after its header.
  func withChunks(_ chunks: Data...) -> Data {
    let header = 33
    return prefix(header) + chunks.reduce(Data(), +) + dropFirst(header)
  }

  /// The PNG with chunks after its pixels.
  func withLateChunks(_ chunks: Data...) -> Data {
    let end = 12
    return dropLast(end) + chunks.reduce(Data(), +) + suffix(end)
  }

  /// The chunk cHRM of white, red, green and blue.
  static func chromaticities(_ points: [Double]) -> Data {
    chunk("cHRM", points.flatMap { number(UInt32(($0 * 100_000).rounded())) })
  }

  private static func number(_ value: UInt32) -> Data {
    Data([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) })
  }
}
