import Foundation

/// Values of JSON whose form is not known.
enum JSONValue {
  /// The value of a text: a dictionary, a list, a string, a number or `NSNull`; nil: it is not JSON.
  static func parsed(_ data: Data) -> Any? {
    do {
      return try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    } catch {
      return nil
    }
  }

  /// The first key that an object in valid JSON has twice; nil: there is none. ``parsed(_:)`` keeps
  /// one of the two values.
  static func repeatedKey(in json: Data) -> String? {
    let bytes = Array(json)
    /// The open objects and lists. A list has no keys.
    var open: [(isObject: Bool, keys: Set<String>)] = []
    var isKey = false
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        isKey = bytes[index] == UInt8(ascii: "{")
        open.append((isKey, []))
      case UInt8(ascii: "}"), UInt8(ascii: "]"): open.removeLast()
      case UInt8(ascii: ":"): isKey = false
      case UInt8(ascii: ","): isKey = open.last?.isObject == true
      case UInt8(ascii: "\""):
        let start = index
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
          index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard isKey, index < bytes.count, let key = parsed(Data(bytes[start...index])) as? String
        else { break }
        if !open[open.count - 1].keys.insert(key).inserted { return key }
      default: break
      }
      index += 1
    }
    return nil
  }
}
