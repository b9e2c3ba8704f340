import Files
import Foundation

/// Finds images that are in a dataset more than once.
enum DuplicateImages {
  /// A problem for each group of files with the same bytes. Only files of equal size are read.
  ///
  /// Throws `FileAccessError`.
  static func problems(in images: [DatasetImage]) throws(FileAccessError) -> [DatasetProblem] {
    var bySize: [Int64: [DatasetImage]] = [:]
    for image in images { bySize[try size(of: image.url), default: []].append(image) }
    var problems: [DatasetProblem] = []
    for group in bySize.values where group.count > 1 {
      var byContent: [String: [DatasetImage]] = [:]
      for image in group {
        byContent[try ContentHash.of(fileAt: image.url), default: []].append(image)
      }
      problems += byContent.values.filter { $0.count > 1 }.map(problem)
    }
    return problems.sorted { $0.files[0] < $1.files[0] }
  }

  /// The names of the images that have the same bytes as another image of `others`. Only files of equal
  /// size are read.
  ///
  /// Throws `FileAccessError`.
  static func images(
    of images: [DatasetImage], among others: [DatasetImage]
  ) throws(FileAccessError) -> [String] {
    var bySize: [Int64: [DatasetImage]] = [:]
    for image in others { bySize[try size(of: image.url), default: []].append(image) }
    var found: [String] = []
    for image in images {
      let byteCount = try size(of: image.url)
      guard let alike = bySize[byteCount] else { continue }
      let content = try ContentHash.of(fileAt: image.url)
      var contents: Set<String> = []
      for other in alike { contents.insert(try ContentHash.of(fileAt: other.url)) }
      if contents.contains(content) { found.append(image.name) }
    }
    return found
  }

  private static func problem(_ same: [DatasetImage]) -> DatasetProblem {
    // A link to the kept image is not a copy. Removing its target would remove both.
    let kept = same[0].url.resolvingSymlinksInPath().path
    let copies = same.dropFirst().filter { $0.url.resolvingSymlinksInPath().path != kept }
    return DatasetProblem(
      same.map(\.name), "the same image, which will weigh more than others",
      commands: copies.map { ShellCommand.remove($0.url.relativePath) })
  }

  private static func size(of url: URL) throws(FileAccessError) -> Int64 {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw FileAccessError(reading: url)
    }
    return Int64(status.st_size)
  }
}
