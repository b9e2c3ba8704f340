import Files
import Foundation

/// The folders that a dataset is made of: its own, those of kohya's names in it, and those that
/// `subject.yaml` lists.
struct ImageFolders {
  /// Those that are read.
  private(set) var all: [ImageFolder]
  /// What is odd about others.
  private(set) var problems: [DatasetProblem] = []
  /// Folders that should be read and cannot be.
  private(set) var unusable: [UnusableFile] = []

  /// Finds the folders of a subject. Throws `DatasetError` for one that is listed and is none.
  init(own: DatasetFolder, subject: Subject) throws(DatasetError) {
    all = [ImageFolder(name: nil, files: own, repeats: subject.repeats)]
    var places = [Self.place(of: own.url): ""]
    for folder in subject.folders {
      let isAbsolute = folder.path.hasPrefix("/")
      let place =
        isAbsolute
        ? URL(filePath: folder.path, directoryHint: .isDirectory)
        : own.url.appending(path: folder.path, directoryHint: .isDirectory)
      guard DatasetFolder.isFolder(place) == true else {
        let file = own.url.appending(path: Subject.fileName, directoryHint: .notDirectory)
        throw .noListedFolder(place.relativePath, subjectFile: file.relativePath)
      }
      let name = folder.path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
      let kohya = KohyaFolder(place.lastPathComponent)
      let repeats = folder.repeats ?? kohya.flatMap { $0.isPlausible ? $0.repeats : nil } ?? 1
      add(
        isAbsolute ? "/\(name)" : name, at: place, repeats: repeats,
        caption: folder.caption ?? kohya?.caption, &places)
    }
    let others = own.folders.filter { name in
      name != DatasetFolder.validationName && !all.contains { $0.name == name }
    }
    var unread: [String] = []
    for name in others {
      guard let kohya = KohyaFolder(name) else {
        unread.append(name)
        continue
      }
      let place = own.url.appending(path: name, directoryHint: .isDirectory)
      guard kohya.isPlausible else {
        problems.append(Self.implausible(name, at: place, kohya))
        continue
      }
      add(name, at: place, repeats: kohya.repeats, caption: kohya.caption, &places)
    }
    if !unread.isEmpty {
      problems.append(
        DatasetProblem(
          unread,
          "folders inside a dataset are only read when they are named as 3_sks dog (repeats and "
            + "caption) or listed under folders in \(Subject.fileName), not read"))
    }
    for name in own.brokenLinks where KohyaFolder(name) != nil {
      let url = own.url.appending(path: name, directoryHint: .notDirectory)
      unusable.append(
        UnusableFile(
          name: name, error: DatasetError.unreadable(url.relativePath, reason: Self.reason(url))))
    }
  }

  private mutating func add(
    _ name: String, at url: URL, repeats: Int, caption: String?, _ places: inout [String: String]
  ) {
    let place = Self.place(of: url)
    if let first = places[place] {
      let other = first.isEmpty ? "the dataset's own" : first
      problems.append(DatasetProblem([name], "the same folder as \(other), not read again"))
      return
    }
    places[place] = name
    do throws(DatasetError) {
      let files = try DatasetFolder(url)
      all.append(ImageFolder(name: name, files: files, repeats: repeats, caption: caption))
      if files.images.isEmpty {
        problems.append(DatasetProblem([name], "holds no .jpg or .png picture"))
      }
      if !files.folders.isEmpty {
        problems.append(
          DatasetProblem(
            files.folders.map { "\(name)/\($0)" },
            "folders two deep are only read when they are listed under folders in "
              + "\(Subject.fileName), not read"))
      }
    } catch {
      unusable.append(UnusableFile(name: name, error: error))
    }
  }

  private static func implausible(
    _ name: String, at url: URL, _ kohya: KohyaFolder
  ) -> DatasetProblem {
    let once = url.deletingLastPathComponent()
      .appending(path: "1_\(kohya.caption)", directoryHint: .isDirectory)
    let isFree = DatasetFolder.isFolder(once) == nil
    let range = KohyaFolder.repeatsRange
    return DatasetProblem(
      [name],
      "the number is not how often an epoch may have its pictures, \(range.lowerBound) to "
        + "\(range.upperBound), not read",
      commands: isFree ? [ShellCommand.move(url.relativePath, to: once.relativePath)] : [])
  }

  /// The folder itself, however it is reached.
  private static func place(of url: URL) -> String { url.resolvingSymlinksInPath().path }

  /// Why a link leads nowhere.
  private static func reason(_ url: URL) -> String {
    var status = stat()
    return stat(url.path, &status) == 0 ? "it is no folder" : systemReason(errno)
  }
}
