import Files
public import Foundation
import Torch

/// The folder of a run, `<project folder>/<subject>/run-<id>`, with its checkpoints and samples.
public struct RunFolder: Sendable {
  /// The run folder.
  public let url: URL

  /// The folder of a run in the project folder `root`.
  public init(root: URL, subject: String, id: Int) {
    url = root.appending(path: Self.path(subject: subject, id: id))
  }

  /// The run folder at a URL.
  public init(_ url: URL) { self.url = url }

  /// Path of a run folder, relative to the project folder.
  public static func path(subject: String, id: Int) -> String { "\(subject)/run-\(id)" }

  /// All run folders of a project folder, in the order of their numbers.
  public static func all(below root: URL) -> [RunFolder] {
    root.entryNames.map { root.appending(path: $0) }.flatMap { subject in
      subject.entryNames.filter { id(inName: $0) != nil }.map {
        RunFolder(subject.appending(path: $0))
      }
    }.sorted { $0.id < $1.id }
  }

  /// The folders beside run folders that have checkpoints, but not the name of a run folder.
  package static func others(below root: URL) -> [RunFolder] {
    root.entryNames.map { root.appending(path: $0) }.flatMap { subject in
      subject.entryNames.filter { !$0.hasPrefix(".") && id(inName: $0) == nil }
        .map { RunFolder(subject.appending(path: $0)) }
    }.filter { !$0.checkpoints.isEmpty }.sorted { $0.url.path < $1.url.path }
  }

  /// The highest run number in a project folder, over all subjects; 0 without runs. A folder with only
  /// a lock is that of a process that died before it recorded the run.
  public static func highestID(below root: URL) -> Int {
    all(below: root).filter { $0.url.entryNames != [RunLock.file(of: $0).lastPathComponent] }
      .map(\.id).max() ?? 0
  }

  /// The run's number, from the folder's name.
  public var id: Int { Self.id(inName: url.lastPathComponent) ?? 0 }

  private static func id(inName name: String) -> Int? {
    guard name.hasPrefix("run-"), let id = Int32(name.dropFirst("run-".count)), id > 0,
      name == "run-\(id)"
    else { return nil }
    return Int(id)
  }

  /// Name of the files and folders of a step: `step-000500`.
  static func stepName(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// The step of such a name; nil for other names.
  static func step(inName name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst("step-".count)),
      name == stepName(step)
    else { return nil }
    return step
  }

  /// The PNG file of a step's sample grid.
  public func sampleGrid(step: Int) -> URL {
    url.appending(path: "samples/\(Self.stepName(step)).png")
  }

  /// The folder with the single pictures of a step's sample grid.
  public func sampleFolder(step: Int) -> URL {
    url.appending(path: "samples/\(Self.stepName(step))")
  }
}
