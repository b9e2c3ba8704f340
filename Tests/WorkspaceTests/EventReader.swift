import Files
import Foundation
import SwiftProtobuf

@testable import EventFiles

/// The events of a run as TensorBoard shows them: those of its files in the order of names, without what a
/// restart replaces. Checks lengths and checksums of all records.
struct EventReader {
  struct Damaged: Error {
    let file: String
  }

  private(set) var events: [Event] = []
  private(set) var fileCount = 0

  init(_ folder: URL) throws {
    for name in folder.entryNames {
      fileCount += 1
      var rest = try Data(contentsOf: folder.appending(path: name))[...]
      while !rest.isEmpty {
        guard let message = Self.record(&rest) else { throw Damaged(file: name) }
        let event = try Event(serializedBytes: message)
        if case .sessionLog = event.what { events.removeAll { $0.step >= event.step } }
        events.append(event)
      }
    }
  }

  /// The points of a curve.
  func scalars(_ tag: String) -> [(step: Int, value: Float)] {
    values(tag).map { ($0, $1.simpleValue) }
  }

  /// The values of a tag, with their steps.
  func values(_ tag: String) -> [(step: Int, value: Summary.Value)] {
    events.flatMap { event in
      event.summary.value.filter { $0.tag == tag }.map { (Int(event.step), $0) }
    }
  }

  /// All tags, sorted.
  var tags: [String] { Set(events.flatMap(\.summary.value).map(\.tag)).sorted() }

  private static func record(_ rest: inout Data.SubSequence) -> Data? {
    func take(_ count: Int) -> Data? {
      guard rest.count >= count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return Data(rest.prefix(count))
    }
    func number(_ bytes: Data) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    guard let length = take(8), let lengthSum = take(4),
      number(lengthSum) == UInt64(CRC32C(length).masked),
      let message = take(Int(number(length))), let sum = take(4),
      number(sum) == UInt64(CRC32C(message).masked)
    else { return nil }
    return message
  }
}
