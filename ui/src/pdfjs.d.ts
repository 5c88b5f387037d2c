// The build for older web views has no types of its own.
declare module "pdfjs-dist/legacy/build/pdf.min.mjs" {
	export * from "pdfjs-dist";
}
