import Drawing
import Files
import Foundation
import Options
import Pages
import RunLog
import Workspace

extension Studio {
  private static let mostComparisons = 200

  /// Throws `RunLogError` and errors of the project folder.
  func comparePage() throws -> ComparePage {
    let library = try RunLibrary(project)
    let jobs = try queue.gallery.reading()?.jobs(limit: Self.mostComparisons) ?? []
    return ComparePage(
      runs: try library.runs().reversed().compactMap { run in
        try checkpoints(of: run, library).map {
          ComparePage.Run(id: run.id, title: $0.title, checkpoints: $0.checkpoints)
        }
      },
      sections: Self.comparisonSections,
      entries: jobs.filter { $0.kind == JobKind.comparison.rawValue && $0.status == .finished }
        .map { job in
          ComparePage.Entry(
            id: job.id ?? 0, title: job.title, date: Format.date(job.createdAt))
        })
  }

  /// The options of a comparison's pictures.
  private static let comparisonSections: [FormSection] = [
    OptionSection.picture, .prompts, .refiner, .conditioning, .machine,
  ].map { section in
    FormSection(
      title: section.title,
      fields: DrawingOptions.schema.options.filter {
        $0.section == section && ComparisonOrder.isAllowed($0)
      }.map { FormField($0) })
  }
}
