import Datasets
import Files
import Foundation
import Synchronization
import Workspace

/// The reports on datasets, kept while their files stay the same.
final class DatasetReports: Sendable {
  private static let most = 8

  private struct Kept {
    let version: String
    let report: DatasetReport
  }

  private let kept = Mutex<[String: Kept]>([:])

  /// The report on a subject's dataset, without decoding images, and a text that changes with the dataset.
  /// Throws as `SubjectLibrary.report(_:)`.
  func report(
    _ name: String, in subjects: SubjectLibrary
  ) throws -> (report: DatasetReport, version: String) {
    let version = try Self.version(of: name, in: subjects)
    if let known = kept.withLock({ $0[name] }), known.version == version {
      return (known.report, version)
    }
    let report = try subjects.report(name)
    kept.withLock { kept in
      if kept.count >= Self.most { kept.removeAll() }
      kept[name] = Kept(version: version, report: report)
    }
    return (report, version)
  }

  /// A hash of the names, sizes and dates of all files of a dataset and of its configuration.
  private static func version(of name: String, in subjects: SubjectLibrary) throws -> String {
    let folder = try subjects.editor(name).directory
    let configs = ["default", name].map { subjects.home.appending(path: "Configs/\($0).yaml").path }
    let files = FileManager.default
    let paths =
      (files.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []).sorted()
      .map { folder.appending(path: $0).path } + configs
    let facts = paths.map { path -> String in
      var status = stat()
      guard stat(path, &status) == 0 else { return path }
      return "\(path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
    return ContentHash.of(facts)
  }
}
