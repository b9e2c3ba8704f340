import Foundation

/// The checksum CRC-32C (Castagnoli) of bytes, as RFC 3720, appendix B.4 defines it.
struct CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0x82f6_3b78 }
  }

  /// The checksum.
  let value: UInt32

  init(_ bytes: Data) {
    let table = Self.table
    value = ~bytes.reduce(UInt32.max) { sum, byte in
      table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8
    }
  }

  /// The checksum as TFRecord files have it, so that a checksum of data with checksums still tells much.
  var masked: UInt32 { (value >> 15 | value << 17) &+ 0xa282_ead8 }
}
