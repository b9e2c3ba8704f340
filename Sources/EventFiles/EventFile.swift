import Files
package import Foundation
import SwiftProtobuf

/// A file of events that TensorBoard shows: `Event` messages as the records of a TFRecord file.
///
/// Each training of a run writes a new file into the run's folder. Its first events make TensorBoard drop
/// what earlier files have of the same steps.
package struct EventFile: Sendable {
  private static let prefix = "events.out.tfevents."
  /// The version of the format, without which TensorBoard ignores restarts.
  private static let version = "brain.Event:2"

  private let file: AppendedFile

  /// Makes a file in a folder, and the folder if it is missing. Throws `FileAccessError`.
  ///
  /// - Parameters:
  ///   - step: The first step whose earlier events no longer count.
  ///   - time: The time of the start.
  package init(in folder: URL, startingAt step: Int, time: Date = Date()) throws {
    try DurableFile.makeFolder(folder)
    file = try AppendedFile(Self.newFile(in: folder, time), keeping: 0)
    try append(Self.event(at: time, step: 0) { $0.fileVersion = Self.version })
    try append(Self.event(at: time, step: step) { $0.sessionLog.status = .start })
  }

  /// The file's place.
  package var url: URL { file.url }

  /// Appends values of a step. Throws `FileAccessError`.
  package func append(_ values: [EventValue], step: Int, time: Date = Date()) throws {
    try append(
      Self.event(at: time, step: step) { $0.summary.value = values.map(\.message) })
  }

  /// Waits until all events are on the disk. Throws `FileAccessError`.
  package func sync() throws { try file.sync() }

  private func append(_ event: Event) throws { try file.append(Self.record(event)) }

  private static func event(at time: Date, step: Int, fill: (inout Event) -> Void) -> Event {
    var event = Event()
    event.wallTime = time.timeIntervalSince1970
    event.step = Int64(step)
    fill(&event)
    return event
  }

  /// A record: the length and the bytes of a message, each with its checksum.
  static func record(_ event: Event) throws -> Data {
    let message: Data = try event.serializedBytes()
    let length = withUnsafeBytes(of: UInt64(message.count).littleEndian) { Data($0) }
    var record = length
    record.append(checksum(of: length))
    record.append(message)
    record.append(checksum(of: message))
    return record
  }

  private static func checksum(of bytes: Data) -> Data {
    withUnsafeBytes(of: CRC32C(bytes).masked.littleEndian) { Data($0) }
  }

  /// The place of a new file. TensorBoard reads the files of a folder in the order of their names, which
  /// begin with their time in seconds, so that of a new file is later than all others, whatever the clock
  /// says.
  private static func newFile(in folder: URL, _ time: Date) -> URL {
    let others = folder.entryNames.compactMap { name -> Int? in
      guard name.hasPrefix(prefix) else { return nil }
      return Int(name.dropFirst(prefix.count).prefix { $0 != "." })
    }
    let seconds = max(Int(time.timeIntervalSince1970), (others.max() ?? 0) + 1)
    let digits = "\(seconds)"
    return folder.appending(
      path: prefix + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        + ".\(CurrentProcess.host).\(CurrentProcess.pid).0")
  }
}
