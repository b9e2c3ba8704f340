public import Foundation
import Torch

/// A run on the disk: `<root>/<subject>/run-<id>`, with its checkpoints and samples.
public struct RunFolder: Sendable {
  /// The folder.
  public let url: URL

  /// The folder of a run below a root.
  public init(root: URL, subject: String, id: Int) {
    url = root.appending(path: Self.path(subject: subject, id: id))
  }

  /// A run's folder where it is.
  public init(_ url: URL) { self.url = url }

  /// Where a run lies below its root.
  public static func path(subject: String, id: Int) -> String { "\(subject)/run-\(id)" }

  /// Every run's folder below a root, by its number.
  public static func all(below root: URL) -> [RunFolder] {
    names(in: root).map { root.appending(path: $0) }.flatMap { subject in
      names(in: subject).filter { id(inName: $0) != nil }.map {
        RunFolder(subject.appending(path: $0))
      }
    }.sorted { $0.id < $1.id }
  }

  /// The highest number of a run's folder below a root, for any subject; 0 where there is none.
  public static func highestID(below root: URL) -> Int { all(below: root).map(\.id).max() ?? 0 }

  /// The run's number.
  public var id: Int { Self.id(inName: url.lastPathComponent) ?? 0 }

  private static func id(inName name: String) -> Int? {
    guard name.hasPrefix("run-"), let id = Int32(name.dropFirst("run-".count)), id > 0,
      name == "run-\(id)"
    else { return nil }
    return Int(id)
  }

  /// The name of what belongs to a step: `step-000500`.
  static func stepName(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// The step in such a name, or nil for other names.
  static func step(inName name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst("step-".count)),
      name == stepName(step)
    else { return nil }
    return step
  }

  /// The grid of a step.
  public func sampleGrid(step: Int) -> URL {
    url.appending(path: "samples/\(Self.stepName(step)).png")
  }

  /// The folder of a step's single pictures.
  public func sampleFolder(step: Int) -> URL {
    url.appending(path: "samples/\(Self.stepName(step))")
  }

  /// What a folder holds; nothing for one that is not there.
  static func names(in folder: URL) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      return []
    }
  }
}
