import Foundation

/// Random changes of inputs. Equal seeds give equal changes.
struct Mutation {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// An input with one to four changes: bytes replaced, removed, inserted or repeated, and parts of another
  /// input.
  mutating func changed(_ input: Data, other: Data) -> Data {
    var bytes = Array(input)
    for _ in 0...index(below: 4) { change(&bytes, Array(other)) }
    return Data(bytes)
  }

  private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
    let place = index(below: bytes.count + 1)
    let end = min(bytes.count, place + 1 + index(below: 16))
    switch index(below: 6) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(index(below: 8))
    case 1 where place < bytes.count: bytes[place] = Self.notable[index(below: Self.notable.count)]
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 4: bytes.insert(contentsOf: part(of: other), at: place)
    default: bytes.replaceSubrange(place..<end, with: part(of: other))
    }
  }

  private mutating func part(of bytes: [UInt8]) -> ArraySlice<UInt8> {
    let start = index(below: bytes.count + 1)
    return bytes[start..<min(bytes.count, start + 1 + index(below: 64))]
  }

  /// Limits of numbers, and characters with a meaning in many formats.
  private static let notable: [UInt8] =
    [0, 1, 0x7F, 0x80, 0xFF] + Array("-0123456789.eE\"'\\{}[]():,;|<>$#=*&!%@` \n\t".utf8)

  private mutating func index(below count: Int) -> Int {
    // SplitMix64 (Steele et al. 2014).
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((value ^ (value >> 31)) % UInt64(count))
  }
}
