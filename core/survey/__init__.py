"""Surveys: a folder of pictures annotated by worker processes, one row a picture; a killed survey resumes."""
