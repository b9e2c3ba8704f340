import Foundation
import TestSupport
import Testing

/// The rules of CONTRIBUTING.md that a compiler does not check.
@Suite("Layers")
struct LayoutTests {
  /// Other programs. Libraries may print their command lines with flags.
  private static let otherPrograms: Set = ["vips"]

  private static let longestFile = 400

  private let manifest: Manifest

  init() throws { manifest = Manifest(try Self.text(of: "Package.swift")) }

  @Test("CONTRIBUTING.md has the graph of targets that Package.swift declares")
  func targets() throws {
    let documented = DocumentedTargets(try Self.text(of: "CONTRIBUTING.md")).dependencies
    #expect(!manifest.targets.isEmpty)
    for target in manifest.targets {
      #expect(
        documented[target.name] == target.dependencies,
        """
        The block `targets` of CONTRIBUTING.md needs the line
        \(target.name): \(target.dependencies.sorted().joined(separator: ", "))
        """)
    }
    let names = Set(manifest.targets.map(\.name))
    #expect(Set(documented.keys).subtracting(names) == [], "CONTRIBUTING.md names other targets")
  }

  @Test("The folders of a target use one another in one direction")
  func circles() throws {
    let files = Dictionary(grouping: try SourceTree.sources.get().files, by: \.target)
    for (target, files) in files.sorted(by: { $0.key < $1.key }) {
      for circle in FolderGraph(files.map { ($0.path, $0.source) }).circles {
        Issue.record(
          """
          Folders of Sources/\(target) use one another in a circle:
          \(circle.map(\.description).joined(separator: "\n"))
          """)
      }
    }
  }

  @Test("Libraries name no flag of the command line")
  func flags() throws {
    let executables = Set(manifest.targets.filter(\.isExecutable).map(\.name))
    #expect(executables.contains("lora-train"))
    for file in try SourceTree.sources.get().files where !executables.contains(file.target) {
      for literal in file.source.literals where Self.namesFlag(literal.text) {
        Issue.record(
          "Sources/\(file.target)/\(file.path):\(literal.line) names a flag: \(literal.text)")
      }
    }
  }

  @Test("No file has more than 400 lines")
  func length() throws {
    for folder in ["Sources", "Tests", "Scripts"] {
      let root = Repository.root.appending(path: folder)
      let endings: Set = ["swift", "c", "cpp", "h", "py"]
      for path in try SourceTree.paths(below: root, endings: endings) {
        let data = try Data(contentsOf: root.appending(path: path))
        let lines = data.count { $0 == UInt8(ascii: "\n") }
        #expect(lines <= Self.longestFile, "\(folder)/\(path) has \(lines) lines")
      }
    }
  }

  /// Whether a text contains a flag such as `--steps`.
  private static func namesFlag(_ text: String) -> Bool {
    let program = text.prefix { $0 != " " }
    return !otherPrograms.contains(String(program))
      && text.firstMatch(of: /(?:^|[^-!])--[a-z]/) != nil
  }

  private static func text(of path: String) throws -> String {
    try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)
  }
}
