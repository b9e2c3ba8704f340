public import Foundation

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

  /// The checkpoints by their names, the newest first, whole or not.
  public var checkpoints: [CheckpointFolder] {
    Self.names(in: url).compactMap { name in
      CheckpointFolder.step(inName: name).map {
        CheckpointFolder(url: url.appending(path: name), step: $0)
      }
    }.sorted { $0.step > $1.step }
  }

  /// The newest whole checkpoint, and what is wrong with those newer than it.
  public func newestCheckpoint() -> (checkpoint: CheckpointFolder?, problems: [String]) {
    var problems: [String] = []
    for checkpoint in checkpoints {
      do {
        _ = try checkpoint.verify()
        return (checkpoint, problems)
      } catch {
        problems.append("\(error)")
      }
    }
    return (nil, problems)
  }

  /// The checkpoint of a step, or the newest. Throws `CheckpointError`.
  public func checkpoint(step: Int?) throws -> CheckpointFolder {
    let existing = checkpoints
    guard let found = existing.first(where: { step == nil || $0.step == step }) else {
      throw CheckpointError.noSuchStep(
        step ?? 0, run: url.relativePath, existing: existing.map(\.step).sorted())
    }
    _ = try found.verify()
    return found
  }

  /// The grid of a step.
  public func sampleGrid(step: Int) -> URL {
    url.appending(path: "samples/\(CheckpointFolder.name(step: step)).png")
  }

  /// The folder of a step's single pictures.
  public func sampleFolder(step: Int) -> URL {
    url.appending(path: "samples/\(CheckpointFolder.name(step: step))")
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
