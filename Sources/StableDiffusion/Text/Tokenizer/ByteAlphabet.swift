/// The printable letters that stand for bytes in a byte-level vocabulary: printable Latin-1 stands
/// for itself, every other byte, in order, for a scalar from U+0100 on (GPT-2's
/// `bytes_to_unicode`).
enum ByteAlphabet {
  /// The letter of each of the 256 bytes.
  static let letters: [Unicode.Scalar] = {
    let printable: [ClosedRange<UInt8>] = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF]
    var others = (UInt32(0x100)...0x143).compactMap(Unicode.Scalar.init)[...]
    return (UInt8.min...UInt8.max).map { byte in
      printable.contains { $0.contains(byte) } ? Unicode.Scalar(byte) : others.removeFirst()
    }
  }()

  /// The text whose UTF-8 bytes the letters stand for. Other letters are skipped.
  static func text(of word: Substring) -> String {
    String(decoding: word.unicodeScalars.compactMap { bytes[$0] }, as: UTF8.self)
  }

  private static let bytes = Dictionary(uniqueKeysWithValues: zip(letters, UInt8.min...UInt8.max))
}
