import Foundation

/// The first command of a script that trains an SDXL LoRA with diffusers or sd-scripts.
struct TrainingCommand {
  /// The programs whose commands are understood.
  enum Program: Sendable {
    case diffusers, kohya
  }

  /// The scripts that are understood.
  static let scripts = programs.map(\.script)

  private static let programs: [(script: String, program: Program)] = [
    ("train_dreambooth_lora_sdxl.py", .diffusers),
    ("train_dreambooth_lora_sdxl_advanced.py", .diffusers),
    ("sdxl_train_network.py", .kohya),
  ]

  let program: Program
  /// The script without its folder.
  let script: String
  /// The flags of the script, without dashes.
  let settings: [ForeignSetting]
  /// The flags of `accelerate launch`, without dashes.
  let launcher: [ForeignSetting]
  /// The scripts of further commands for training in the file.
  let others: [String]

  /// Finds the command in a script. Throws `ImportError.noCommand`.
  init(_ script: ShellScript) throws(ImportError) {
    let found = script.commands.compactMap { words in Self.place(words).map { (words, $0) } }
    guard let (words, (place, program)) = found.first else {
      let other = script.commands.joined().first { $0.text.hasSuffix(".py") }
      throw .noCommand(script.name, script: other.map { Self.fileName($0.text) })
    }
    self.program = program
    self.script = Self.fileName(words[place].text)
    settings = Self.flags(words[(place + 1)...], script.name, isScript: true)
    launcher = Self.flags(words[..<place], script.name, isScript: false)
    others = found.dropFirst().map { Self.fileName($0.0[$0.1.place].text) }
  }

  /// The place of the script's name among the words of a command.
  private static func place(
    _ words: [ShellScript.Word]
  ) -> (place: Int, program: Program)? {
    for (place, word) in words.enumerated() {
      if let known = programs.first(where: { $0.script == fileName(word.text) }) {
        return (place, known.program)
      }
    }
    return nil
  }

  private static func fileName(_ path: String) -> String {
    String(path.split { $0 == "/" || $0 == "\\" }.last ?? "")
  }

  /// `>`, `2>` or `>log`: an output stream goes into a file.
  private static func isRedirection(_ word: ShellScript.Word) -> Bool {
    word.text.drop(while: \.isNumber).first == ">"
  }

  /// The flags with their values: none, one or, as a list, several. Words of the script that belong
  /// to no flag become settings without a value.
  private static func flags(
    _ words: ArraySlice<ShellScript.Word>, _ file: String, isScript: Bool
  ) -> [ForeignSetting] {
    var settings: [ForeignSetting] = []
    var rest = words
    while let word = rest.popFirst() {
      guard word.text.hasPrefix("--"), word.text.count > 2 else {
        if isRedirection(word) {
          if word.text.hasSuffix(">") { _ = rest.popFirst() }
        } else if isScript {
          settings.append(
            ForeignSetting(
              name: word.text, value: .text(""), place: "\(file) line \(word.line)"))
        }
        continue
      }
      let parts = word.text.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      var values = parts.dropFirst().map(String.init)
      if parts.count == 1 {
        while let next = rest.first, !next.text.hasPrefix("--"), !isRedirection(next) {
          values.append(next.text)
          rest.removeFirst()
        }
      }
      let value: ForeignValue =
        switch values.count {
        case 0: .boolean(true)
        case 1: .text(values[0])
        default: .list(values.map { .text($0) })
        }
      let name = String(parts[0]).replacing("-", with: "_")
      settings.append(
        ForeignSetting(name: name, value: value, place: "\(file) line \(word.line)"))
    }
    return settings
  }
}
