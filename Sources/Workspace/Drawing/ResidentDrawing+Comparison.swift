package import Drawing
import Files
package import Foundation

extension ResidentDrawing {
  /// The file with what the page of a comparison shows.
  package static let comparisonName = "page.json"

  /// The file with all pictures of a comparison.
  package static let sheetName = "sheet.png"

  /// The file of a comparison's picture.
  package static func pictureName(row: Int, column: Int) -> String { "\(row)-\(column).png" }

  /// Draws a comparison into a folder: its pictures, the sheet, and what its page shows. The models that are
  /// in memory are freed first. Throws as `ComparisonDrawing.draw`, and what `progress` throws.
  package func compare(
    _ wish: ComparisonPlan.Wish, to folder: URL, note: @escaping @Sendable (String) -> Void,
    progress: @Sendable (DrawingProgress) throws -> Void
  ) throws {
    free()
    let library = try RunLibrary(project)
    let plan = try ComparisonPlan(wish, in: library, models: BaseModels(project) { _ in }) {
      if case .note(let sentence) = $0 { note(sentence) }
    }
    for sentence in plan.options.notes(on: plan.comparison.prompts) { note(sentence) }
    let drawing = try plan.drawing(caches: project.caches)
    for sentence in try plan.modelNotes(in: library, caches: project.caches) { note(sentence) }
    let files = try drawing.draw(progress: progress) { note("\($0)") }
    let summary = plan.summary
    try DurableFile.replaceFolder(folder) { folder in
      for (row, files) in files.enumerated() {
        for (column, file) in files.enumerated() {
          let copy = folder.appending(path: Self.pictureName(row: row, column: column))
          do {
            try FileManager.default.copyItem(at: file, to: copy)
          } catch {
            throw FileAccessError.unwritable(file: copy.relativePath, reason: error.reason)
          }
        }
      }
      try ComparisonSheet(plan.comparison, title: [summary.title] + summary.sentences)
        .write(files, to: folder.appending(path: Self.sheetName))
      try DurableFile.write(
        JSONEncoder().encode(summary), to: folder.appending(path: Self.comparisonName))
    }
  }
}
