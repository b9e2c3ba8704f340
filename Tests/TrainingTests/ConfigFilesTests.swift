import Foundation
import Options
import Testing
import Training

@Suite("Configuration files")
struct ConfigFilesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The files for the subject `dog`, with paths relative to the project.
  private func files(given: String? = nil, not others: [String] = []) throws -> ConfigFiles {
    var overrides = OptionOverrides<TrainingConfig>()
    overrides.set(\.$subject, to: "dog")
    let project = folder.url
    func url(_ path: String, isFolder: Bool = true) -> URL {
      URL(
        filePath: path, directoryHint: isFolder ? .isDirectory : .notDirectory,
        relativeTo: project)
    }
    return try ConfigSources(
      overrides, file: given.map { url($0, isFolder: false) }, folder: url("Configs"),
      not: others.map { url($0) }
    ).files
  }

  private func write(_ paths: String...) throws {
    for path in paths { try folder.write("rank: 4\n", to: path) }
  }

  @Test("the files that are read are named in the order of reading")
  func read() throws {
    #expect(try files().summary == nil)
    try write("Configs/dog.yaml")
    #expect(try files().summary == "Configuration: Configs/dog.yaml.")
    try write("Configs/default.yaml", "mine.yaml")
    #expect(try files().summary == "Configuration: Configs/default.yaml, then Configs/dog.yaml.")
    #expect(
      try files(given: "mine.yaml").summary
        == "Configuration: Configs/default.yaml, then mine.yaml.")
    #expect(try files().notes == [])
  }

  @Test(
    "a file with another ending, in other letters or in another folder is named",
    arguments: [
      "Configs/dog.yml", "Configs/DOG.yaml", "Configs/Dog.YML", "configs/dog.yaml",
      "config/dog.yaml",
      "dog.yaml", "dog.yml", "Datasets/dog/dog.yaml", "Datasets/dog/config.yaml",
    ])
  func unread(path: String) throws {
    try write(path)
    let found = try files()
    #expect(found.read == [])
    #expect(
      found.notes == [
        "\(path) is not read, since configurations are read from Configs/<subject>.yaml; rename or "
          + "move it, or give it to `config`."
      ])
  }

  @Test("the same file under another name, as on a file system that ignores case, is not named")
  func sameFile() throws {
    try write("Configs/dog.yaml")
    let file = folder.url.appending(path: "Configs/dog.yaml")
    try FileManager.default.linkItem(at: file, to: folder.url.appending(path: "Configs/Dog.yaml"))
    #expect(try files().notes == [])
  }

  @Test("a link to nothing is an error that names its target")
  func danglingLink() throws {
    try write("Configs/cat.yaml")
    for name in ["Configs/dog.yaml", "Configs/default.yaml"] {
      let link = folder.url.appending(path: name)
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: "/no/such/file")
      #expect(throws: ConfigError.danglingLink(name, target: "/no/such/file")) { try files() }
      try FileManager.default.removeItem(at: link)
    }
    #expect(throws: ConfigError.missingFile("mine.yaml")) { try files(given: "mine.yaml") }
  }

  @Test("a default.yml is named, and files of other subjects and empty files are not")
  func others() throws {
    try write("Configs/default.yml", "Configs/cat.yaml", "cat.yaml", "Configs/dogs.yaml")
    try folder.write("", to: "dog.yaml")
    #expect(
      try files().notes == [
        "Configs/default.yml is not read, since configurations are read from Configs/default.yaml; "
          + "rename or move it, or give it to `config`."
      ])
  }

  @Test("a file beside another root is named, and one that is given is not")
  func otherRoot() throws {
    try write("elsewhere/Configs/dog.yaml")
    #expect(try files(not: ["elsewhere/Configs"]).unread == ["elsewhere/Configs/dog.yaml"])
    try write("dog.yaml")
    #expect(try files(given: "dog.yaml").unread == [])
  }

  @Test(
    "a pipe that the user names is read, and one in the folder of the configurations is refused")
  func pipes() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("rank: 3\n".utf8))
    try pipe.fileHandleForWriting.close()
    let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
    let config = try TrainingConfig.load(
      OptionOverrides(), file: URL(filePath: path), folder: folder.url, needsSubject: false)
    #expect(config.rank == 3)

    try write("Configs/cat.yaml")
    #expect(mkfifo(folder.url.appending(path: "Configs/dog.yaml").path, 0o600) == 0)
    #expect(
      throws: ConfigError.unreadableFile("Configs/dog.yaml", reason: "it is not a regular file")
    ) {
      try files()
    }
  }

  @Test("a file without an end is refused")
  func endless() throws {
    #expect(throws: ConfigError.unreadableFile("/dev/zero", reason: "it has more than 4 MiB")) {
      try TrainingConfig.load(
        OptionOverrides(), file: URL(filePath: "/dev/zero"), folder: folder.url,
        needsSubject: false)
    }
  }
}
