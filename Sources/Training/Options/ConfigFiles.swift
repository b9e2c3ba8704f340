import Files
package import Foundation

/// The configuration files of a training: those that are read, and files of similar names that are
/// not, because they have another ending, other letters or another folder.
package struct ConfigFiles: Sendable, Equatable {
  /// `default.yaml`; nil if there is none.
  package let common: URL?
  /// The file that was given, or else the subject's; nil if there is none.
  package let own: URL?
  /// The recipe between them, in words; nil: none.
  package internal(set) var recipe: String?
  /// The paths of files that look like the subject's or the default configuration.
  package let unread: [String]

  private let folder: URL

  /// Looks for the files.
  ///
  /// - Parameters:
  ///   - subject: The subject on the command line.
  ///   - file: The file on the command line.
  ///   - folder: The folder with `default.yaml` and `<subject>.yaml`.
  ///   - others: Folders where the user may have put them instead.
  init(of subject: String?, given file: URL?, in folder: URL, not others: [URL]) {
    self.folder = folder
    let common = folder.appendingPathComponent("default.yaml")
    self.common = Self.exists(common) ? common : nil
    let subject = subject.flatMap { SubjectName.isFolderName($0) ? $0 : nil }
    let usual = subject.map { folder.appendingPathComponent("\($0).yaml") }
    own = file ?? usual.flatMap { Self.exists($0) ? $0 : nil }
    let read = [self.common, usual.flatMap { Self.exists($0) ? $0 : nil }, file].compactMap { $0 }
    var places = (Self.similar(to: folder) + others).flatMap { place in
      (["default"] + (subject.map { [$0] } ?? [])).map { (place, $0) }
    }
    if let subject {
      let project = folder.deletingLastPathComponent()
      let dataset = URL(
        filePath: "Datasets/\(subject)", directoryHint: .isDirectory, relativeTo: project)
      places += [(project, subject), (dataset, subject), (dataset, "config")]
    }
    // The names of one file may differ, on a file system that ignores case.
    let found = places.flatMap { Self.files(in: $0.0, named: $0.1) }
    unread = found.reduce(into: [URL]()) { unread, file in
      guard !(read + unread).contains(where: { DurableFile.isSame($0, file) }) else { return }
      unread.append(file)
    }.map(Self.path)
  }

  /// The files that are read, in the order of their reading, as paths.
  package var read: [String] { [common, own].compactMap { $0.map(Self.path) } }

  /// Which files are read, in one sentence; nil: none.
  package var summary: String? {
    let all = [common.map(Self.path), recipe, own.map(Self.path)].compactMap(\.self)
    return all.isEmpty ? nil : "Configuration: \(all.joined(separator: ", then "))."
  }

  /// The notes on the files that are not read, in a sentence each.
  package var notes: [String] {
    unread.map { path in
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let stem = name.split(separator: ".").first.map(String.init) ?? name
      let isCommon = stem.lowercased() == "default"
      let wanted = folder.appendingPathComponent(isCommon ? "default.yaml" : "<subject>.yaml")
      return "\(path) is not read, since configurations are read from \(Self.path(wanted)); "
        + "rename or move it, or give it to `config`."
    }
  }

  /// The folder and those whose names differ only by letters or a last s.
  private static func similar(to folder: URL) -> [URL] {
    let parent = folder.deletingLastPathComponent()
    func plain(_ name: String) -> String {
      let name = name.lowercased()
      return name.hasSuffix("s") ? String(name.dropLast()) : name
    }
    let wanted = plain(folder.lastPathComponent)
    let names = parent.entryNames.filter { plain($0) == wanted && $0 != folder.lastPathComponent }
    return [folder] + names.map { parent.appending(path: $0, directoryHint: .isDirectory) }
  }

  /// The files in a folder with this name in any letters, and with an ending of YAML.
  private static func files(in folder: URL, named stem: String) -> [URL] {
    let wanted = ["\(stem).yaml", "\(stem).yml"].map { $0.lowercased() }
    return folder.entryNames.filter { wanted.contains($0.lowercased()) }
      .map { folder.appending(path: $0) }
      .filter { !isEmpty($0) }
  }

  /// A path as the user would write it.
  private static func path(_ file: URL) -> String {
    let path = file.relativePath
    return path.hasPrefix("./") ? String(path.dropFirst(2)) : path
  }

  /// Whether there is a file or a link of this name. Reading names the target of a link to nothing.
  private static func exists(_ file: URL) -> Bool {
    DurableFile.exists(file) || FileAccessError.danglingLink(file) != nil
  }

  /// Whether a file has no content, as one that a shell has just made for output.
  private static func isEmpty(_ file: URL) -> Bool {
    var status = stat()
    return stat(file.path, &status) != 0 || status.st_size == 0
  }
}
