import Files
package import Foundation
package import Yams

/// A YAML file of `option: value` lines whose options are all known.
package struct ConfigFile {
  /// The file as the user named it.
  package let name: String
  /// The values that the file sets.
  package private(set) var values: [String: Node] = [:]
  /// The line of each key, from 1.
  package private(set) var lines: [String: Int] = [:]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - keys: The options that the file may set.
  ///   - formerly: Keys of earlier versions, which the file may set too, and the keys they became.
  ///   - foreign: What a name in another program is here.
  ///   - isOpen: Whether the file may set other options too.
  ///   - isGiven: Whether the user has named the file, which may then be a pipe such as `/dev/stdin`.
  package init(
    contentsOf url: URL, keys: [String], formerly: [String: String] = [:],
    foreign: (String) -> ForeignName? = { _ in nil }, isOpen: Bool = false, isGiven: Bool = false
  ) throws(ConfigError) {
    let name = url.relativePath
    let data: Data
    do {
      data = try Self.bytes(of: url, allowsPipe: isGiven)
    } catch let error as ConfigError {
      throw error
    } catch CocoaError.fileReadNoSuchFile {
      if case .linkTarget(_, let target) = FileAccessError.danglingLink(url) {
        throw .danglingLink(name, target: target)
      }
      throw .missingFile(name)
    } catch {
      let reason = url.hasDirectoryPath ? "it is a folder" : error.reason
      throw .unreadableFile(name, reason: reason)
    }
    guard let yaml = String(data: data, encoding: .utf8) else {
      let isUTF16 = data.starts(with: [0xff, 0xfe]) || data.starts(with: [0xfe, 0xff])
      let reason = isUTF16 ? "it is UTF-16 text; save it as UTF-8" : "some bytes are not UTF-8"
      throw .unreadableFile(name, reason: reason)
    }
    try self.init(
      yaml: yaml, name: name, keys: keys, formerly: formerly, foreign: foreign, isOpen: isOpen)
  }

  /// The most bytes of a file; a pipe may have no end.
  private static let limit = 4 << 20

  private static func bytes(of url: URL, allowsPipe: Bool) throws -> Data {
    var status = stat()
    guard stat(url.path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      return try Data(contentsOf: url)
    }
    // Reading a pipe that nobody writes to waits for ever.
    guard allowsPipe || status.st_mode & S_IFMT == S_IFREG else {
      throw ConfigError.unreadableFile(url.relativePath, reason: "it is not a regular file")
    }
    let data = try FileHandle(forReadingFrom: url).read(upToCount: limit + 1) ?? Data()
    guard data.count <= limit else {
      throw ConfigError.unreadableFile(
        url.relativePath, reason: "it has more than \(limit >> 20) MiB")
    }
    return data
  }

  /// Reads YAML text. Errors name it `name`.
  package init(
    yaml: String, name: String, keys: [String], formerly: [String: String] = [:],
    foreign: (String) -> ForeignName? = { _ in nil }, isOpen: Bool = false
  ) throws(ConfigError) {
    self.name = name
    let root: Node?
    do {
      // A byte order mark would become a part of the first key.
      root = try compose(yaml: yaml.first == "\u{feff}" ? String(yaml.dropFirst()) : yaml)
    } catch {
      let (line, problem) = describeSyntax(error)
      throw .malformedFile(name, line: line, problem: problem)
    }
    guard let root, !root.isNull else { return }
    guard let mapping = root.mapping else {
      throw .malformedFile(name, line: root.mark?.line, problem: "found \(root.summary)")
    }
    for (key, value) in mapping {
      let found = key.scalar?.string ?? key.summary
      guard key.scalar != nil, isOpen || keys.contains(found) || formerly[found] != nil else {
        throw .unknownKey(
          found, file: name, line: key.mark?.line, foreign: foreign(found),
          nearest: nearestName(to: found, in: keys), known: keys)
      }
      let option = formerly[found] ?? found
      guard values[option] == nil else {
        throw .malformedFile(
          name, line: key.mark?.line, problem: "\(option) is set more than once")
      }
      values[option] = value
      lines[option] = key.mark?.line
    }
  }

  /// The values as a Swift type.
  package func decode<T: Decodable>(_ type: T.Type) throws(ConfigError) -> T {
    try decodeOptions(type, from: values) { .file(name, line: lines[$0]) }
  }
}
