import Files
import Foundation

/// The folders of a dataset: its own, those in it with names in kohya's form, and those listed in
/// `subject.yaml`.
struct ImageFolders {
  /// The folders that are read.
  private(set) var all: [ImageFolder]
  /// The problems of folders.
  private(set) var problems: [DatasetProblem] = []
  /// Folders that should be read and cannot be read.
  private(set) var unusable: [UnusableFile] = []

  /// Finds the folders of a subject. Throws `DatasetError` for a listed path that is not a folder,
  /// `FileAccessError` for a link to something that does not exist.
  init(own: DatasetFolder, subject: Subject) throws {
    all = [ImageFolder(name: nil, files: own, repeats: subject.repeats)]
    var places = [Self.place(of: own.url): ""]
    for folder in subject.folders {
      let isAbsolute = folder.path.hasPrefix("/")
      let place =
        isAbsolute
        ? URL(filePath: folder.path, directoryHint: .isDirectory)
        : own.url.appending(path: folder.path, directoryHint: .isDirectory)
      guard DatasetFolder.isFolder(place) == true else {
        if let error = FileAccessError.danglingLink(place) { throw error }
        let file = own.url.appending(path: Subject.fileName, directoryHint: .notDirectory)
        throw DatasetError.noListedFolder(place.relativePath, subjectFile: file.relativePath)
      }
      let parts = folder.path.split(separator: "/").filter { $0 != "." }
      let name = parts.isEmpty && !isAbsolute ? "." : parts.joined(separator: "/")
      let kohya = KohyaFolder(place.lastPathComponent)
      let repeats = folder.repeats ?? kohya.flatMap { $0.isPlausible ? $0.repeats : nil } ?? 1
      add(
        isAbsolute ? "/\(name)" : name, at: place, repeats: repeats,
        caption: folder.caption ?? kohya?.caption, &places)
    }
    let others = own.folders.filter { name in
      !DatasetFolder.validationNames.contains(name) && !all.contains { $0.name == name }
    }
    var (unread, masks): ([String], [String]) = ([], [])
    for name in others {
      guard let kohya = KohyaFolder(name) else {
        unread.append(name)
        continue
      }
      let isOfMasks = MaskName.folders.contains(kohya.caption.lowercased())
      guard !isOfMasks, !Self.areMasks(name, kohya, in: own) else {
        masks.append(name)
        continue
      }
      let place = own.url.appending(path: name, directoryHint: .isDirectory)
      guard kohya.isPlausible else {
        problems.append(Self.implausible(name, at: place, kohya))
        continue
      }
      add(name, at: place, repeats: kohya.repeats, caption: kohya.caption, &places)
    }
    problems += [
      DatasetProblem(
        unread,
        "not read; a folder inside a dataset is read only if its name is like 3_sks dog (repeats "
          + "and caption) or \(Subject.fileName) lists it under folders"),
      DatasetProblem(
        masks,
        "not read, since it has the name of a folder of masks; rename it to masks if it contains the "
          + "masks of these images, or list it in \(Subject.fileName) under folders if it contains "
          + "images of the subject"),
    ].filter { !$0.files.isEmpty }
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
      let other = first.isEmpty ? "the dataset itself" : first
      problems.append(DatasetProblem([name], "the same folder as \(other), not read again"))
      return
    }
    places[place] = name
    do throws(DatasetError) {
      let files = try DatasetFolder(url)
      all.append(ImageFolder(name: name, files: files, repeats: repeats, caption: caption))
      if files.images.isEmpty {
        problems.append(DatasetProblem([name], "contains no image"))
      }
      if !files.folders.isEmpty {
        problems.append(
          DatasetProblem(
            files.folders.map { "\(name)/\($0)" },
            "not read; a folder two levels deep is read only if \(Subject.fileName) lists it under "
              + "folders"))
      }
    } catch {
      unusable.append(UnusableFile(name: name, error: error))
    }
  }

  /// Whether a folder such as `5_dog mask` contains masks: its images have no captions, and each has
  /// the name of an image in the dataset folder or in a folder such as `5_dog`.
  private static func areMasks(
    _ name: String, _ kohya: KohyaFolder, in own: DatasetFolder
  ) -> Bool {
    let captions = MaskName.likelyOwners(of: kohya.caption)
    guard !captions.isEmpty else { return false }
    func read(_ folder: String) throws(DatasetError) -> DatasetFolder {
      try DatasetFolder(own.url.appending(path: folder, directoryHint: .isDirectory))
    }
    do throws(DatasetError) {
      let folder = try read(name)
      var images = own.images
      for other in own.folders {
        guard let caption = KohyaFolder(other)?.caption, captions.contains(caption) else {
          continue
        }
        images += try read(other).images
      }
      let names = ImageNames(images.map(\.name))
      return !folder.images.isEmpty && folder.captions.isEmpty && folder.metadata.isEmpty
        && folder.images.allSatisfy { !names.owners($0.name.fileStem).isEmpty }
    } catch {
      // A folder that is read reports its own error.
      return false
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
      "not read; the number is how often an epoch repeats the images, and must be from "
        + "\(range.lowerBound) to \(range.upperBound)",
      commands: isFree ? [ShellCommand.move(url.relativePath, to: once.relativePath)] : [])
  }

  /// The path of a folder without links. It is the same for all ways to the folder.
  private static func place(of url: URL) -> String { url.resolvingSymlinksInPath().path }

  /// Why a link is broken.
  private static func reason(_ url: URL) -> String {
    var status = stat()
    return stat(url.path, &status) == 0 ? "it is not a folder" : systemReason(errno)
  }
}
