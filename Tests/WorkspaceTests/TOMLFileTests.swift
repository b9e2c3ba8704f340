import Foundation
import TestSupport
import Testing

@testable import Workspace

/// TOML that the parser does not read by itself, or ends the program at.
@Suite struct TOMLFileTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func settings(_ text: String) throws -> [String: ForeignValue] {
    let url = folder.url.appending(path: "a.toml")
    try Data(text.utf8).write(to: url)
    let settings = try TOMLFile(contentsOf: url).flattened()
    return Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.value) })
  }

  @Test("Letters beyond ASCII are read in keys and texts")
  func letters() throws {
    #expect(
      try settings("größe = \"/фото/größe_U_\" # фото\n")
        == ["größe": .text("/фото/größe_U_")])
    #expect(try settings("[ärger]\na = 1\n[[ фото ]]\n")["a"] == .integer(1))
  }

  @Test(
    "Brackets at which the parser ends the program are named",
    arguments: [
      ("[!x]", 1), ("a = 1\n\n  [[ \u{1b}datasets]]", 3), ("[=]", 1), ("[\n]", 1), ("[a]\n[.b]", 2),
      ("[ # x", 1), ("a = [}]", 1), ("a = {b = [}]}", 1), ("a = [\n}]", 2),
      ("a = \"\"\"\n[!\n\"\"\"\n[!", 4), ("a = '\\'\n[!]", 2),
    ])
  func brackets(text: String, line: Int) throws {
    let error = #expect(throws: ImportError.self) { try settings(text) }
    #expect("\(try #require(error))".contains("a.toml line \(line): not valid TOML ("))
  }

  @Test("Brackets in texts, comments and lists are no groups")
  func bracketsInTexts() throws {
    let settings = try settings(
      #"""
      # [!]
      a = "[!\"]"
      b = [
        [[+1], "}"],  # }
        [2],
      ]
      d = """
      [!]\""" } """""
      e = '''[!
      [}'''
      f = ""
      ["g-1"]
      h = '\'
      [i . "j"]
      k = {l = "}"}
      """#)
    #expect(settings["a"] == .text("[!\"]"))
    #expect(
      settings["b"] == .list([.list([.list([.integer(1)]), .text("}")]), .list([.integer(2)])]))
    #expect(settings["d"] == .text("[!]\"\"\" } \"\""))
    #expect(settings["e"] == .text("[!\n[}"))
    #expect(settings["f"] == .text("") && settings["h"] == .text("\\"))
    #expect(settings.keys.sorted() == ["a", "b", "d", "e", "f", "h", "j"])
  }

  @Test(
    "Ends of lines beyond ASCII are read in texts, and refused in lists",
    arguments: ["\u{85}", "\u{2028}", "\u{2029}"])
  func lineEnds(_ end: String) throws {
    #expect(try settings("a = '\(end)'") == ["a": .text(end)])
    #expect(throws: ImportError.self) { try settings("a = [\(end)]") }
    #expect(throws: ImportError.self) { try settings("a = [1,\(end)2]") }
  }
}
